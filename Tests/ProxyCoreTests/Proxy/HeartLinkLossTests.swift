import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart's links, lost one by one", .serialized)
struct HeartLinkLossTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("what a lost fill link has filled is answered no more, by any worker, and all else is")
  func generation() async throws {
    let heart = try Heart(port: redis.port, loops: 2)
    let keys = (heart.key(atHomeOn: 0), heart.key(atHomeOn: 1))
    for key in [keys.0, keys.1] { _ = try redis.query("SET", key, "old") }
    #expect(try await heart.get(keys.0) == "old")
    let first = try redis.links("fill")
    #expect(first.count == 1)
    #expect(try await heart.get(keys.1) == "old")
    try redis.kill(first)
    // Nobody is told of these writes.
    #expect(await eventually { heart.cached(keys.0) == nil })
    _ = try redis.query("SET", keys.0, "new")
    #expect(heart.cached(keys.1) == "old")
    #expect(await comesTrue { try await heart.get(keys.0) == "new" })
    #expect(await heart.isQuiet())
  }

  @Test("a fill link that is lost over and over never leaves an old value behind")
  func repeatedly() async throws {
    let heart = try Heart(port: redis.port)
    let admin = try redis.connect()
    for round in 0..<15 {
      _ = try admin.query("SET", "k", "\(round)")
      #expect(await comesTrue { try await heart.get("k") == "\(round)" })
      let fills = try redis.links("fill", over: admin)
      for link in fills { _ = try admin.query("CLIENT", "KILL", "ID", link) }
    }
    #expect(await heart.isQuiet())
  }

  @Test("fetches in flight on a fill link that had worked are repeated, once")
  func flightsRepeated() async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port, loops: 1) { $0.connectTimeout = .seconds(20) }
    for key in 0..<50 { _ = try redis.query("SET", "k\(key)", "v\(key)") }
    _ = try await heart.get("first")
    // A link that is lost before has not worked, and the wait for the next attempt grows.
    try await Task.sleep(for: Limits.linkStableMin)
    relay.stall(.toTarget)
    async let outcomes = heart.outcomes(ofGetting: (0..<50).map { "k\($0)" })
    #expect(await eventually { heart.count(\.flights) == 50 })
    let lost = heart.linksLost
    try redis.kill(redis.links("fill"))
    #expect(
      await eventually { heart.linksLost > lost })
    relay.resume(.toTarget)
    #expect(await outcomes == (0..<50).map { .value("v\($0)") })
    #expect(await heart.isQuiet())
  }

  @Test("a lost shared link leaves writes unknown and their keys held, and repeats reads")
  func shared() async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port, loops: 1) { $0.connectTimeout = .seconds(20) }
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    try await Task.sleep(for: Limits.linkStableMin)
    relay.stall(.toTarget)
    async let write = heart.outcome("SET", "k", "w")
    #expect(await eventually { heart.count(\.calls) == 1 })
    async let read = heart.outcome(ofGetting: "k")
    #expect(await eventually { heart.count(\.flights) == 1 })
    try redis.kill(redis.links("shared") + redis.links("fill"))
    #expect(await write.isOutcomeUnknown)
    #expect(heart.census.writes == 1)
    relay.resume(.toTarget)
    #expect(await read == .value("v"))
    // While the key is held it is read and not kept.
    #expect(await comesTrue { try await heart.get("k") == "v" })
    #expect(heart.count(\.holds) == 0 || heart.cached("k") == nil)
    #expect(await heart.isQuiet())
    #expect(try await heart.get("k") == "v")
    #expect(heart.cached("k") == "v")
  }

  @Test("a lost pinned link ends its client's request, and its place comes free")
  func pinned() async throws {
    let heart = try Heart(port: redis.port) { $0.pinnedMax = 1 }
    for _ in 0..<5 {
      async let blocked = heart.outcome("BLPOP", "list", "0")
      #expect(await comesTrue { try redis.links("pinned").count == 1 && isBlocked() })
      let refused = await heart.outcome("BLPOP", "list", "0", worker: 1)
      #expect(refused == .proxy(.pinnedLimit(1)))
      try redis.kill(redis.links("pinned"))
      #expect(await blocked.isOutcomeUnknown)
      #expect(heart.count(\.pinned) == 0)
    }
    #expect(await heart.isQuiet())
  }

  @Test("links that leave state behind come back to the pool clean, and are used again")
  func returning() async throws {
    let heart = try Heart(port: redis.port, loops: 1) { $0.pinnedMax = 1 }
    for _ in 0..<20 {
      // A command that nobody knows may leave anything behind.
      let reply = await heart.outcome("NOSUCH", "x")
      guard case .reply(.error) = reply else {
        Issue.record("\(reply)")
        return
      }
      #expect(await eventually { heart.pinnedCount == 0 })
    }
    #expect(try redis.links("pinned").count == 1)
    try redis.kill(redis.links("pinned"))
    #expect(await comesTrue { try redis.links("pinned").isEmpty })
    let reply = await heart.outcome("BLPOP", "l", "0.01")
    #expect(reply == .reply(.null) || reply.reason != nil)
    #expect(await heart.isQuiet())
  }

  @Test("a lost control link is made anew")
  func control() async throws {
    let heart = try Heart(port: redis.port)
    for _ in 0..<3 {
      #expect(await comesTrue { await heart.outcome("CLIENT", "UNPAUSE") == .ok })
      try redis.kill(redis.links("control"))
    }
    #expect(await heart.isQuiet())
  }

  @Test("what ends a script is not behind it, even where no control link was there before")
  func busy() async throws {
    _ = try redis.query("CONFIG", "SET", "busy-reply-threshold", "1")
    let heart = try Heart(port: redis.port)
    #expect(await heart.isWell())
    #expect(await heart.isQuiet(), "the proxy learns Redis's commands, which counts as well")
    async let script = heart.outcome("EVAL", "while true do end", "0")
    #expect(await eventually { heart.count(\.calls) == 1 })
    #expect(await comesTrue { await heart.outcome("SCRIPT", "KILL", worker: 1) == .ok })
    guard case .reply(.error) = await script else {
      Issue.record("the script was not ended")
      return
    }
    #expect(await heart.isQuiet())
  }

  @Test("a fill link lost while a fence waits for it counts as its answer")
  func fence() async throws {
    let heart = try Heart(port: redis.port)
    #expect(await heart.isWell())
    let script = """
      local t = redis.call('time') local s = t[1] * 1000000 + t[2]
      repeat t = redis.call('time') until t[1] * 1000000 + t[2] - s > 50000
      return redis.call('set', 'hidden', ARGV[1])
      """
    #expect(await heart.isQuiet(), "the proxy learns Redis's commands, which counts as well")
    // A script may have ended before anybody looks, and then nothing is lost while it waits.
    var round = 0
    var lostCount = 0
    while lostCount < 10, round < 200 {
      round += 1
      #expect(
        await comesTrue {
          if case .value = await heart.outcome(ofGetting: "hidden") { true } else { false }
        })
      let fills = try redis.links("fill")
      let wasAnswered = Shared(false)
      async let written = { [round] in
        let outcome = await heart.outcome("EVAL", script, "0", "\(round)", worker: round % 2)
        wasAnswered.change { $0 = true }
        return outcome
      }()
      #expect(await eventually { heart.count(\.calls) == 1 || wasAnswered.value })
      if !wasAnswered.value { lostCount += 1 }
      // The server reads this behind the script, and before the fence that follows it.
      try redis.kill(fills)
      #expect(await written == .ok)
      #expect(await comesTrue { try await heart.get("hidden") == "\(round)" })
    }
    #expect(lostCount == 10)
    #expect(await heart.isQuiet())
  }

  @Test("half a connection is no connection", arguments: [Relay.Direction.toTarget, .toClient])
  func halfOpen(_ direction: Relay.Direction) async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port)
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet(), "the proxy learns Redis's commands, which counts as well")
    relay.stall(direction)
    async let write = heart.outcome("SET", "k", "w")
    async let read = heart.outcome(ofGetting: "cold")
    #expect(await eventually { heart.count(\.calls) == 1 && heart.count(\.flights) == 1 })
    relay.cut(direction)
    relay.resume(direction)
    let written = await write
    #expect(written.isOutcomeUnknown || written == .ok)
    _ = await read
    #expect(await heart.isWell())
    let now = try redis.query("GET", "k").text
    #expect(try await heart.get("k") == now)
    #expect(await heart.isQuiet())
  }

  private func isBlocked() throws -> Bool {
    try redis.query("INFO", "clients").text?.contains("blocked_clients:1\r\n") ?? false
  }
}

extension Heart {
  /// How reads end that are begun at once.
  func outcomes(ofGetting keys: [String]) async -> [HeartOutcome] {
    await withTaskGroup(of: (Int, HeartOutcome).self) { group in
      for (place, key) in keys.enumerated() {
        group.addTask { (place, await self.outcome(ofGetting: key)) }
      }
      var outcomes = [HeartOutcome](repeating: .cancelled, count: keys.count)
      for await (place, outcome) in group { outcomes[place] = outcome }
      return outcomes
    }
  }
}
