import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart while keys are being written", .serialized)
struct HeartWritingTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("a crowd that reads a key meanwhile costs two fetches")
  func crowd() async throws {
    let heart = try Heart(port: redis.port, loops: 3)
    let admin = try redis.connect()
    try await heart.send("SET", "k", "old")
    _ = try await heart.get("other")
    _ = try admin.query("CLIENT", "PAUSE", "100000", "WRITE")
    async let write = heart.outcome("SET", "k", "new")
    #expect(await eventually { heart.census.writes == 1 })
    let calls = try redis.calls("get", over: admin)
    // Nothing is answered before all have asked.
    redis.pause()
    async let outcomes = heart.outcomes(ofGetting: Array(repeating: "k", count: 200))
    #expect(await eventually { heart.count(\.reads) == 200 })
    redis.resume()
    #expect(await outcomes == Array(repeating: .value("old"), count: 200))
    // One for the first, and one for all who came while that was on its way.
    #expect(try redis.calls("get", over: admin) == calls + 2)
    #expect(heart.cached("k") == nil)
    _ = try admin.query("CLIENT", "UNPAUSE")
    #expect(await write == .ok)
    // What Redis pushes about the write may come after the first of these.
    #expect(await comesTrue { try await heart.get("k") == "new" && heart.cached("k") == "new" })
    #expect(await heart.isQuiet())
  }

  @Test("readers of a list's key who find somebody blocked on it share their fetches")
  func blocked() async throws {
    let heart = try Heart(port: redis.port)
    let admin = try redis.connect()
    _ = try await heart.get("other")
    async let blocked = heart.outcome("BLPOP", "k", "0")
    #expect(await eventually { heart.census.writes == 1 })
    let calls = try redis.calls("get", over: admin)
    redis.pause()
    async let outcomes = heart.outcomes(ofGetting: Array(repeating: "k", count: 200))
    #expect(await eventually { heart.count(\.reads) == 200 })
    redis.resume()
    #expect(await outcomes == Array(repeating: .value(nil), count: 200))
    #expect(try redis.calls("get", over: admin) == calls + 2)
    _ = try admin.query("RPUSH", "k", "x")
    guard case .reply(.array) = await blocked else { throw Heart.Surprise() }
    #expect(await heart.isQuiet())
  }

  @Test(
    "who asks while a fetch is on its way is not answered by that one", arguments: [true, false])
  func laterReader(_ isKept: Bool) async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port, loops: 1) { settings in
      if !isKept { settings.rules.remove(.waitsForNext) }
    }
    let admin = try redis.connect()
    try await heart.send("SET", "k", "1")
    _ = try await heart.get("other")
    _ = try admin.query("CLIENT", "PAUSE", "100000", "WRITE")
    async let write = heart.outcome("SET", "k", "3")
    #expect(await eventually { heart.census.writes == 1 })
    let calls = try redis.calls("get", over: admin)
    relay.stall(.toClient)
    async let early = heart.outcome(ofGetting: "k")
    #expect(await comesTrue { try redis.calls("get", over: admin) == calls + 1 })
    // Another write, that the first reader has not seen: whoever asks now must.
    _ = try admin.query("CLIENT", "UNPAUSE")
    #expect(await comesTrue { try admin.query("GET", "k") == .bulk("3") })
    async let late = heart.outcome(ofGetting: "k")
    #expect(await eventually { heart.count(\.reads) == 2 })
    relay.resume(.toClient)
    #expect(await early == .value("1"))
    #expect(await late == .value(isKept ? "3" : "1"))
    #expect(await write == .ok)
    #expect(await heart.isQuiet())
  }

  @Test("nothing is kept while the data set is being replaced", arguments: [true, false])
  func replacement(_ isKept: Bool) async throws {
    for words in [["FLUSHALL"], ["FLUSHDB"], ["SWAPDB", "0", "1"]] {
      let heart = try Heart(port: redis.port) { settings in
        if !isKept { settings.rules.remove(.emptyingHeld) }
      }
      let admin = try redis.connect()
      for key in ["k", "other"] { _ = try admin.query("SET", key, "old") }
      _ = try await heart.send("PING")
      #expect(try await heart.get("other") == "old")
      for transaction in [[words], [["SET", "x", "1"], words]] {
        _ = try admin.query("CLIENT", "PAUSE", "100000", "WRITE")
        async let reply = heart.send(transaction)
        #expect(await eventually { heart.cached("other") == nil && heart.count(\.calls) == 1 })
        #expect(try await heart.get("k") == "old")
        #expect(heart.cached("k") == (isKept ? nil : "old"))
        _ = try admin.query("CLIENT", "UNPAUSE")
        _ = try await reply
        #expect(try await heart.get("k") == nil)
        _ = try admin.query("SELECT", "1")
        _ = try admin.query("FLUSHDB")
        _ = try admin.query("SELECT", "0")
        for key in ["k", "other"] { _ = try admin.query("SET", key, "old") }
        #expect(
          await comesTrue {
            try await heart.get("other") == "old" && heart.cached("other") == "old"
          })
      }
      #expect(await heart.isQuiet())
    }
  }

  @Test("a write of unknown outcome holds its keys until Redis is awake")
  func asleep() async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port, loops: 1) { $0.coherence = .timeToLive }
    try await heart.send("SET", "k", "old")
    #expect(try await heart.get("k") == "old")
    #expect(await heart.isQuiet())
    redis.pause()
    async let write = heart.outcome("SET", "k", "new")
    #expect(await eventually { heart.count(\.calls) == 1 })
    // The kernel has it for Redis when the proxy loses the link.
    try await Task.sleep(for: .milliseconds(200))
    relay.reset(.toClient)
    #expect(await write.isOutcomeUnknown)
    try await Task.sleep(for: Limits.unknownWriteHold * 1.5)
    #expect(heart.census.writes == 1)
    redis.resume()
    #expect(await comesTrue { try await heart.get("k") == "new" })
    #expect(await heart.isQuiet())
    #expect(try await heart.get("k") == "new")
  }
}
