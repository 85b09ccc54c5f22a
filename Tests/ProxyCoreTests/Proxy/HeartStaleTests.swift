import Synchronization
import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart's last known values", .serialized)
struct HeartStaleTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("are answered while Redis is away, for the time allowed and no longer")
  func allowedTime() async throws {
    let allowed = Duration.seconds(2)
    let heart = try Heart(port: redis.port) { $0.staleIfError = allowed }
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    redis.stop()
    let isStale = await comesTrue {
      _ = await heart.outcome(ofGetting: "k")
      return heart.staleAnswers > 0
    }
    // The link was lost by now, so that from here on the time allowed is an upper bound.
    let end = Moment.now.advanced(by: allowed)
    #expect(isStale)
    #expect(await heart.outcome(ofGetting: "never seen").reason != nil)
    let hasEnded = await comesTrue {
      let begun = Moment.now
      let outcome = await heart.outcome(ofGetting: "k")
      #expect(outcome == .value("v") ? begun <= end : outcome.reason != nil)
      return outcome.reason != nil
    }
    #expect(hasEnded)
    try redis.restart()
    #expect(await heart.isWell())
    // What was known was another server's.
    #expect(try await heart.get("k") == nil)
    #expect(await heart.isQuiet())
  }

  @Test("are answered, and no error, while a loop has not noticed yet that Redis has gone")
  func lateLoop() async throws {
    let heart = try Heart(port: redis.port) { $0.staleIfError = .seconds(600) }
    let keys = (0..<8).map { "k\($0)" }
    for key in keys {
      try await heart.send("SET", key, "v", worker: 0)
      try await heart.send("SET", key, "v", worker: 1)
      #expect(try await heart.get(key) == "v")
    }
    let (proxy, late) = (heart.proxy, OneShot<Bool>())
    _ = proxy.seats[1].mailbox.send(.perform { _, _ in _ = late.wait() })
    redis.stop()
    #expect(
      await eventually {
        heart.onWorker { $0.home.links.values.contains { !$0.connection.isReady } } == true
      })
    let homes = keys.filter { proxy.home(of: proxy.cache.hash(Array($0.utf8).rawSpan)) == 0 }
    #expect(!homes.isEmpty && proxy.isConnected)
    async let outcomes = withTaskGroup { group in
      for key in homes { group.addTask { await heart.fetch(key, worker: 0) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    // They have failed by now, but for what the other loop may say.
    #expect(await eventually { heart.onWorker { $0.home.flightCount == homes.count } == true })
    for _ in 0..<100 { _ = heart.onWorker { _ in true } }
    late.fulfil(true)
    for outcome in await outcomes {
      guard case .value(let value) = outcome, value == Array("v".utf8) else {
        Issue.record("\(outcome)")
        continue
      }
    }
    #expect(heart.staleAnswers == homes.count)
  }

  @Test("never outlive their key")
  func keyEnd() async throws {
    let heart = try Heart(port: redis.port) { $0.staleIfError = .seconds(60) }
    let sent = Moment.now
    try await heart.send("SET", "k", "v", "PX", "700")
    let end = Moment.now.advanced(by: .milliseconds(700))
    let first = try await heart.get("k")
    #expect(first == "v" || Moment.now > sent.advanced(by: .milliseconds(700)))
    redis.stop()
    let hasEnded = await comesTrue {
      let begun = Moment.now
      let outcome = await heart.outcome(ofGetting: "k")
      #expect(outcome != .value("v") || begun <= end)
      return begun > end && outcome != .value("v")
    }
    #expect(hasEnded)
    #expect(await heart.isQuiet())
  }

  @Test("are not answered where a write has been begun since, nor without leave")
  func written() async throws {
    let heart = try Heart(port: redis.port) { $0.staleIfError = .seconds(60) }
    let strict = try Heart(port: redis.port)
    for key in ["kept", "written"] {
      try await heart.send("SET", key, "v")
      #expect(try await heart.get(key) == "v")
      #expect(try await strict.get(key) == "v")
    }
    redis.stop()
    _ = await heart.failuresOfWriting("written")
    #expect(await heart.outcome(ofGetting: "written").reason != nil)
    #expect(await comesTrue { await heart.outcome(ofGetting: "kept") == .value("v") })
    #expect(await comesTrue { await strict.outcome(ofGetting: "kept").reason != nil })
    #expect(await heart.isQuiet())
    #expect(await strict.isQuiet())
  }

  @Test("are counted from the loss of the last link")
  func otherDatabase() async throws {
    let allowed = Duration.milliseconds(1_500)
    let heart = try Heart(port: redis.port, loops: 1) { $0.staleIfError = allowed }
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    // The link for a database that there is not is lost long before the other.
    guard case .databaseRefused = await heart.outcome(ofGetting: "k", database: 99).reason else {
      Issue.record("database 99 was not refused")
      return
    }
    try await Task.sleep(for: allowed * 2)
    redis.stop()
    let isStale = await comesTrue {
      _ = await heart.outcome(ofGetting: "k")
      return heart.staleAnswers > 0
    }
    #expect(isStale)
    #expect(await heart.isQuiet())
  }

  /// A fill link that Redis does not let in any more, while all other links work.
  private func loseFillLink(of heart: Heart, _ admin: RESPConnection) async throws {
    try await openLinks(of: heart)
    let fills = try redis.links("fill", over: admin)
    try #require(!fills.isEmpty)
    _ = try admin.query("CONFIG", "SET", "maxclients", "1")
    for link in fills { _ = try admin.query("CLIENT", "KILL", "ID", link) }
    #expect(await comesTrue { try redis.links("fill", over: admin).isEmpty })
  }

  /// Every link that is needed while Redis lets no more in.
  private func openLinks(of heart: Heart) async throws {
    _ = try await heart.send("EVAL", "return 1", "0")
    _ = try await heart.send("STRLEN", "m")
    // The first script finds no look for exchanged databases before it.
    for key in ["m", "n"] { _ = try await heart.get(key) }
  }

  @Test(
    "are not what a former link had filled before a script that was answered",
    arguments: [true, false])
  func formerLink(_ isKept: Bool) async throws {
    let heart = try Heart(port: redis.port, loops: 1) {
      $0.staleIfError = .seconds(600)
      if !isKept { $0.rules.remove(.unprovenForgotten) }
    }
    let admin = try redis.connect()
    try await openLinks(of: heart)
    try await heart.send("SET", "k", "old")
    #expect(try await heart.get("k") == "old")
    for link in try redis.links("fill", over: admin) {
      _ = try admin.query("CLIENT", "KILL", "ID", link)
    }
    #expect(await comesTrue { try !redis.links("fill", over: admin).isEmpty })
    #expect(
      await eventually {
        heart.onWorker { $0.home.links.values.allSatisfy { $0.connection.isReady } } == true
      })
    let script = "return redis.call('set','k','new')"
    #expect(try await heart.send("EVAL", script, "0") == .simpleString(Array("OK".utf8)))
    redis.stop()
    #expect(await eventually { !heart.proxy.isConnected })
    let outcome = await heart.outcome(ofGetting: "k")
    #expect((outcome == .value("old")) != isKept, "\(outcome)")
  }

  @Test("are not older than what a read was answered with meanwhile")
  func readMeanwhile() async throws {
    let heart = try Heart(port: redis.port, loops: 1) { $0.staleIfError = .seconds(600) }
    let admin = try redis.connect()
    // Scripts that come before the first look for exchanged databases empty the cache.
    try await openLinks(of: heart)
    #expect(await eventually { heart.proxy.swapWatch.covers(.now) })
    try await heart.send("SET", "k", "one")
    #expect(try await heart.get("k") == "one")
    try await loseFillLink(of: heart, admin)
    _ = try admin.query("SET", "k", "two")
    #expect(try await heart.get("k") == "two")
    redis.stop()
    #expect(await eventually { !heart.proxy.isConnected })
    #expect(await heart.outcome(ofGetting: "k").reason != nil)
  }

  @Test("are answered no longer because silence has become a loss")
  func silenceAndLoss() async throws {
    let heart = try Heart(port: redis.port, loops: 1) {
      $0.staleIfError = .seconds(600)
      $0.silenceMax = .milliseconds(300)
    }
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    redis.pause()
    async let waiting = heart.outcome(ofGetting: "absent")
    #expect(await eventually { !heart.proxy.isConnected })
    let since = heart.proxy.awaySince.load(ordering: .relaxed)
    redis.stop()
    #expect(await eventually { heart.proxy.readyLinks.load(ordering: .relaxed) == 0 })
    #expect(heart.proxy.awaySince.load(ordering: .relaxed) == since)
    #expect(await waiting.reason != nil)
  }

  @Test("are not answered while any link works, which says what Redis knows instead")
  func onlyTheFillLinkIsAway() async throws {
    let heart = try Heart(port: redis.port, loops: 1) { $0.staleIfError = .seconds(60) }
    let admin = try redis.connect()
    for key in ["m", "n"] {
      try await heart.send("SET", key, "old")
      #expect(try await heart.get(key) == "old")
    }
    try await loseFillLink(of: heart, admin)
    let script = "return redis.call('set','m','new')"
    #expect(try await heart.send("EVAL", script, "0") == .simpleString(Array("OK".utf8)))
    #expect(try await heart.get("m") == "new")
    _ = try admin.query("SET", "n", "new")
    #expect(try await heart.get("n") == "new")
    #expect(heart.staleAnswers == 0)
    // Redis is asked once for the first, and once for all who ask meanwhile.
    let calls = try redis.calls("get", over: admin)
    redis.pause()
    async let values = heart.outcomes(ofGetting: Array(repeating: "m", count: 50))
    #expect(await eventually { heart.count(\.reads) == 50 })
    redis.resume()
    #expect(await values == Array(repeating: .value("new"), count: 50))
    #expect(try redis.calls("get", over: admin) == calls + 2)
    #expect(await heart.isQuiet())
  }

  @Test("are never older than a write that was answered", arguments: [true, false])
  func answeredWrite(_ isKept: Bool) async throws {
    let heart = try Heart(port: redis.port, loops: 1) { settings in
      settings.staleIfError = .seconds(60)
      if !isKept { settings.rules.remove(.unprovenForgotten) }
    }
    let admin = try redis.connect()
    try await heart.send("SET", "m", "old")
    #expect(try await heart.get("m") == "old")
    try await loseFillLink(of: heart, admin)
    let script = "return redis.call('set','m','new')"
    #expect(try await heart.send("EVAL", script, "0") == .simpleString(Array("OK".utf8)))
    redis.stop()
    #expect(await eventually { !heart.proxy.isConnected })
    let outcome = await heart.outcome(ofGetting: "m")
    #expect(isKept ? outcome.reason != nil : outcome == .value("old"), "\(outcome)")
    #expect(await heart.isQuiet())
  }

  @Test("are never older than a write whose fence was lost with a link", arguments: [true, false])
  func lostFence(_ isKept: Bool) async throws {
    let heart = try Heart(port: redis.port, loops: 1) { settings in
      settings.staleIfError = .seconds(60)
      if !isKept { settings.rules.remove(.unprovenForgotten) }
    }
    let admin = try redis.connect()
    try await heart.send("SET", "m", "old")
    #expect(try await heart.get("m") == "old")
    try await openLinks(of: heart)
    let fill = try #require(try redis.links("fill", over: admin).first)
    _ = try admin.query("CONFIG", "SET", "maxclients", "1")
    // The script ends the link that its fence would go over, and with it what Redis would say of the key.
    let script = "redis.call('set','m','new') return redis.call('client','kill','id',ARGV[1])"
    let reply = try await heart.send("EVAL", script, "0", fill)
    guard reply.failure == nil else {
      // This Redis lets no script end clients.
      _ = try admin.query("CLIENT", "KILL", "ID", fill)
      return
    }
    redis.stop()
    #expect(await eventually { !heart.proxy.isConnected })
    let outcome = await heart.outcome(ofGetting: "m")
    #expect(isKept ? outcome.reason != nil : outcome == .value("old"), "\(outcome)")
  }
}

extension Heart {
  /// Writes until it fails.
  fileprivate func failuresOfWriting(_ key: String) async -> Bool {
    await comesTrue { await self.outcome("SET", key, "w").reason != nil }
  }
}
