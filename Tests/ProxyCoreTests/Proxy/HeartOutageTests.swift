import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart while Redis is away", .serialized)
struct HeartOutageTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("a killed server fails requests at once and clearly, and a restarted one is used again")
  func killed() async throws {
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    redis.stop()
    let failures = try #require(await heart.failures(until: .connectionRefused))
    // A request that was on its way when the server died may be one of unknown outcome.
    let allowed: Set<RedisError.Reason> = [
      .connectionRefused, .connectionLost(outcomeUnknown: false),
      .connectionLost(outcomeUnknown: true),
    ]
    #expect(failures.allSatisfy { allowed.contains($0) })
    #expect(await heart.outcome(ofGetting: "k").reason != nil)
    try redis.restart()
    #expect(await heart.isWell())
    #expect(try await heart.get("k") == nil)
    #expect(await heart.isQuiet())
  }

  @Test("requests in flight when the server dies: a write's outcome is unknown, a read was not")
  func killedInFlight() async throws {
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "k", "v")
    _ = try await heart.get("other")
    #expect(await heart.isQuiet(), "the proxy learns Redis's commands, which counts as well")
    redis.pause()
    async let write = heart.outcome("SET", "k", "w")
    async let read = heart.outcome(ofGetting: "cold")
    #expect(await eventually { heart.count(\.calls) == 1 && heart.count(\.flights) == 1 })
    redis.stop()
    #expect(await write.isOutcomeUnknown)
    #expect(await read.reason != nil)
    #expect(await !read.isOutcomeUnknown)
    // Its key stays held for some seconds.
    #expect(heart.census.writes == 1 && heart.count(\.holds) == 1)
    try redis.restart()
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
  }

  @Test("a server that stands still answers everything once it goes on, and hits need none")
  func paused() async throws {
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet(), "the proxy learns Redis's commands, which counts as well")
    redis.pause()
    #expect(try await heart.get("k") == "v")
    async let write = heart.outcome("SET", "k", "w")
    async let other = heart.outcome("SET", "l", "w", worker: 1)
    #expect(await eventually { heart.count(\.calls) == 2 })
    // Its key is being written, so that what is fetched is not kept.
    async let read = heart.outcome(ofGetting: "k")
    #expect(await eventually { heart.count(\.flights) == 1 })
    redis.resume()
    #expect(await write == .ok)
    #expect(await other == .ok)
    #expect([HeartOutcome.value("w"), .value("v")].contains(await read))
    #expect(try await heart.get("k") == "w")
    #expect(await heart.isQuiet())
  }

  @Test("a server that accepts and says nothing is given up, and asked again")
  func silent() async throws {
    let heart = try Heart(port: redis.port) { $0.connectTimeout = .milliseconds(100) }
    redis.pause()
    let failures = await heart.failures(until: .connectTimedOut)
    redis.resume()
    #expect(failures != nil)
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
  }

  @Test("nobody listens from the start")
  func refused() async throws {
    redis.stop()
    let heart = try Heart(port: redis.port)
    #expect(await heart.outcome(ofGetting: "k").reason == .connectionRefused)
    #expect(await heart.outcome("SET", "k", "v").reason == .connectionRefused)
    #expect(await heart.outcome("CLIENT", "UNPAUSE").reason == .connectionRefused)
    #expect(await heart.outcome("BLPOP", "l", "1").reason == .connectionRefused)
    try redis.restart()
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
  }

  @Test("a server that loads its data says so until it has them")
  func loading() async throws {
    let keys = 3_000
    let arguments = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"]
    let redis = try RedisServer(arguments: arguments)
    let connection = try redis.connect()
    for key in 0..<keys {
      _ = try connection.query("SET", "k\(key)", String(repeating: "v", count: 99))
    }
    _ = try connection.query("SAVE")
    let heart = try Heart(port: redis.port)
    #expect(await heart.isWell())
    let restart = Task.detached { try redis.restart() }
    let sawLoading = await comesTrue {
      if case .loading = await heart.outcome(ofGetting: "k7").reason { return true }
      return false
    }
    let sawItInWrites = await comesTrue {
      let reason = await heart.outcome("SET", "any", "1").reason
      if case .loading = reason { return true }
      return false
    }
    try await restart.value
    #expect(sawLoading && sawItInWrites)
    #expect(await heart.isWell())
    #expect(try await heart.get("k7")?.utf8.count == 99)
    #expect(await heart.isQuiet())
  }

  @Test("a wrong password is named, and a corrected one is used without a restart")
  func password() async throws {
    let admin = try redis.connect()
    _ = try admin.query("CONFIG", "SET", "requirepass", "right")
    let heart = try Heart(port: redis.port) { $0.url.password = "wrong" }
    guard case .authenticationFailed = await heart.outcome(ofGetting: "k").reason else {
      Issue.record("a wrong password was taken")
      return
    }
    guard case .authenticationFailed = await heart.outcome("SET", "k", "v").reason else {
      Issue.record("a wrong password was taken")
      return
    }
    _ = try admin.query("CONFIG", "SET", "requirepass", "wrong")
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
  }

  @Test("a server without room for more clients is named, and used once it has room")
  func maxClients() async throws {
    let admin = try redis.connect()
    _ = try admin.query("CONFIG", "SET", "maxclients", "1")
    let heart = try Heart(port: redis.port)
    let failures = await heart.failures(until: .clientsExceeded)
    _ = try admin.query("CONFIG", "SET", "maxclients", "100")
    #expect(failures != nil)
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
  }
}
