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

  @Test("are counted from the loss of their own database's link")
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
}

extension Heart {
  /// Writes until it fails.
  fileprivate func failuresOfWriting(_ key: String) async -> Bool {
    await comesTrue { await self.outcome("SET", key, "w").reason != nil }
  }
}
