import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart when another server answers", .serialized)
struct HeartReplacementTests {
  @Test("a restarted server is another one: nothing is known of it", arguments: 0..<5)
  func restarted(_ round: Int) async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port, loops: 3)
    for key in 0..<30 {
      try await heart.send("SET", "k\(key)", "old", worker: key % 3)
      #expect(try await heart.get("k\(key)") == "old")
    }
    try redis.restart()
    #expect(await heart.isWell())
    for key in 0..<30 { #expect(try await heart.get("k\(key)") == nil) }
    #expect(heart.proxy.runID != nil)
    #expect(await heart.isQuiet())
  }

  @Test("an address that moved takes all links along, those to the old server too")
  func moved() async throws {
    let old = try RedisServer()
    let new = try RedisServer()
    let relay = try Relay(to: old.port)
    let heart = try Heart(port: relay.port, loops: 2)
    for (server, value) in [(old, "old"), (new, "new")] {
      for key in 0..<20 { _ = try server.query("SET", "k\(key)", value) }
    }
    for key in 0..<20 { #expect(try await heart.get("k\(key)") == "old") }
    try await heart.send("SET", "x", "old", worker: 1)
    // One that is with its client, one that is idle.
    async let blocked = heart.outcome("BLPOP", "list", "0")
    #expect(await eventually { heart.count(\.pinned) == 1 })
    _ = try await heart.send("BLPOP", "empty", "0.01", worker: 1)

    relay.redirect(to: new.port)
    // One link is lost and finds another server. The other links are alive, and yet they follow.
    let fill = try #require(try old.links("fill").first)
    try old.kill([fill])
    #expect(await comesTrue { try old.links("fill").isEmpty && old.links("shared").isEmpty })
    #expect(await comesTrue { try old.links("pinned").isEmpty })
    #expect(await blocked.reason == .connectionLost(outcomeUnknown: true))
    #expect(await heart.isWell())
    for key in 0..<20 { #expect(try await heart.get("k\(key)") == "new") }
    for worker in 0..<2 { #expect(try await heart.send("GET", "x", worker: worker) == .null) }
    // Each worker has gone over once: a replacement that is no news starts nothing again.
    #expect(heart.linksLost < 20)
    #expect(await heart.isQuiet())
  }

  /// A user that may do all but what is dangerous, INFO included, as many operators give programs.
  private func restrict(_ server: RedisServer) throws {
    _ = try server.query(
      "ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-@dangerous")
  }

  @Test(
    "an address that moved is noticed where Redis does not say which server it is",
    arguments: [true, false])
  func movedUnidentified(_ isKept: Bool) async throws {
    let old = try RedisServer()
    let new = try RedisServer()
    let relay = try Relay(to: old.port)
    let news = Shared<[RedisNews]>([])
    let heart = try Heart(port: relay.port, loops: 2) { settings in
      settings.url.username = "app"
      settings.url.password = "secret"
      settings.observer = { item in news.change { $0.append(item) } }
      if !isKept { settings.rules.remove(.unidentified) }
    }
    for (server, value) in [(old, "old"), (new, "new")] {
      try restrict(server)
      for key in 0..<20 { _ = try server.query("SET", "k\(key)", value) }
    }
    for key in 0..<20 { #expect(try await heart.get("k\(key)") == "old") }
    for worker in 0..<2 { _ = try await heart.send("PING", worker: worker) }
    #expect(heart.proxy.runID == nil)
    #expect(news.value.filter { $0 == .unidentified }.count == 1)
    // A client that waits keeps its link where only another's own was lost.
    async let blocked = heart.outcome("BLPOP", "list", "0")
    #expect(await comesTrue { try old.links("pinned").count == 1 })

    relay.redirect(to: new.port)
    try old.kill([#require(try old.links("shared").first)])
    guard isKept else {
      #expect(await comesTrue { try await heart.send("GET", "k0", worker: 0) != .null })
      #expect(try await heart.get("k0") == "old")
      _ = try old.query("RPUSH", "list", "x")
      _ = await blocked
      return
    }
    #expect(await comesTrue { try old.links("fill").isEmpty && old.links("shared").isEmpty })
    #expect(await blocked.reason == .connectionLost(outcomeUnknown: true))
    for key in 0..<20 { #expect(await comesTrue { try await heart.get("k\(key)") == "new" }) }
    #expect(heart.linksLost < 20)
    #expect(news.value.filter { $0 == .unidentified }.count == 1)
    #expect(await heart.isQuiet())
  }

  @Test("links that have no need to know which server it is say nothing of it")
  func identified() async throws {
    let redis = try RedisServer()
    let news = Shared<[RedisNews]>([])
    let heart = try Heart(port: redis.port, loops: 1) { settings in
      settings.observer = { item in news.change { $0.append(item) } }
    }
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    _ = try await heart.send("SCRIPT", "KILL")
    try redis.kill(redis.links("control"))
    #expect(await comesTrue { try redis.links("control").count == 1 })
    #expect(heart.cached("k") == "v")
    #expect(news.value == [.connected])
  }

  @Test("where Redis is not identified, a client that it ends costs others only what is kept")
  func endedUnidentified() async throws {
    let redis = try RedisServer()
    try restrict(redis)
    let heart = try Heart(port: redis.port, loops: 1) { settings in
      settings.url.username = "app"
      settings.url.password = "secret"
    }
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    async let first = heart.outcome("BLPOP", "a", "0")
    async let second = heart.outcome("BLPOP", "b", "0")
    #expect(await comesTrue { try redis.links("pinned").count == 2 })
    let links = try redis.links("pinned")
    try redis.kill([links[0]])
    #expect(await eventually { heart.cached("k") == nil })
    #expect(await comesTrue { try await heart.get("k") == "v" })
    #expect(try redis.links("pinned") == [links[1]])
    for list in ["a", "b"] { _ = try redis.query("RPUSH", list, "x") }
    let outcomes = [await first, await second]
    #expect(outcomes.filter(\.isOutcomeUnknown).count == 1)
    #expect(await heart.isQuiet())
  }

  @Test(
    "a server is asked for its commands once, however many links reach it, and the next one anew")
  func learned() async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port, loops: 3)
    for _ in 0..<2 {
      #expect(await heart.isWell())
      try redis.kill(redis.links("shared"))
      #expect(await heart.isWell())
      #expect(await comesTrue { try redis.calls("command") == 1 })
      try redis.restart()
    }
    #expect(await heart.isQuiet())
  }
}
