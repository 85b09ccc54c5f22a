import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart and writers elsewhere", .serialized)
struct HeartForeignTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("staleness lasts as long as the invalidation is on its way, and no longer")
  func untilPush() async throws {
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port)
    for round in 0..<10 {
      _ = try redis.query("SET", "k", "old \(round)")
      #expect(await comesTrue { try await heart.get("k") == "old \(round)" })
      relay.stall(.toClient)
      _ = try redis.query("SET", "k", "new \(round)")
      #expect(heart.cached("k") == "old \(round)")
      relay.resume(.toClient)
      #expect(await eventually { heart.cached("k") == nil })
      #expect(try await heart.get("k") == "new \(round)")
    }
    #expect(await heart.isQuiet())
  }

  @Test(
    "an invalidation that comes between a fetch's halves, or before its reply, keeps it out of memory"
  )
  func slicedPush() async throws {
    let relay = try Relay(to: redis.port)
    relay.slice(bytes: 7, .toClient)
    let heart = try Heart(port: relay.port)
    let writer = Task {
      let connection = try redis.connect()
      for number in 0..<2_000 { _ = try connection.query("SET", "k", "\(number)") }
    }
    var last = -1
    for _ in 0..<300 {
      guard let text = try await heart.get("k"), let number = Int(text) else { continue }
      #expect(number >= last)
      last = number
    }
    try await writer.value
    #expect(await comesTrue { try await heart.get("k") == "1999" })
    for _ in 0..<20 { #expect(try await heart.get("k") == "1999") }
    #expect(await heart.isQuiet())
  }

  @Test("tracking refused: staleness ends with the time to live")
  func refused() async throws {
    let timeToLive = Duration.milliseconds(300)
    let heart = try untracked {
      $0.timeToLive = timeToLive
      $0.coherence = .auto
    }
    for round in 0..<3 {
      _ = try redis.query("SET", "k", "\(round)")
      var begun = Moment.now
      let isNew = await comesTrue {
        begun = .now
        return try await heart.get("k") == "\(round)"
      }
      #expect(isNew)
      let end = Moment.now.advanced(by: timeToLive)
      #expect(!heart.proxy.isTracking)
      #expect(heart.cached("k") == "\(round)" || Moment.now.since(begun) >= timeToLive)
      _ = try redis.query("SET", "k", "\(round)!")
      let isOver = await comesTrue {
        let begun = Moment.now
        if try await heart.get("k") == "\(round)!" { return true }
        #expect(begun <= end)
        return false
      }
      #expect(isOver)
    }
    #expect(await heart.isQuiet())
  }

  @Test("tracking refused where it is demanded: nothing is kept")
  func demanded() async throws {
    let heart = try untracked { $0.coherence = .tracking }
    _ = try redis.query("SET", "k", "v")
    for round in 0..<20 {
      _ = try redis.query("SET", "k", "\(round)")
      #expect(try await heart.get("k") == "\(round)")
      #expect(try await heart.get("missing") == nil)
    }
    #expect(heart.proxy.cache.statistics.entries == 0)
    #expect(await heart.isQuiet())
  }

  @Test("expiry alone: an absent key is remembered for a second at most")
  func absent() async throws {
    let heart = try Heart(port: redis.port) { $0.coherence = .timeToLive }
    let begun = Moment.now
    #expect(try await heart.get("k") == nil)
    let end = Moment.now.advanced(by: Limits.absentUntrackedMax)
    #expect(heart.knows("k") || Moment.now.since(begun) >= Limits.absentUntrackedMax)
    _ = try redis.query("SET", "k", "v")
    let isOver = await comesTrue {
      let begun = Moment.now
      if try await heart.get("k") == "v" { return true }
      #expect(begun <= end)
      return false
    }
    #expect(isOver)
    #expect(await heart.isQuiet())
  }

  @Test(
    "expiry alone: a script empties the memory and is seen by the next read",
    arguments: [true, false])
  func script(_ isRefused: Bool) async throws {
    let heart =
      try isRefused
      ? untracked { _ in } : Heart(port: redis.port) { $0.coherence = .timeToLive }
    for round in 0..<30 {
      _ = try await heart.get("hidden")
      let begun = Moment.now
      #expect(try await heart.get("bystander") == nil)
      #expect(heart.knows("bystander") || Moment.now.since(begun) >= Limits.absentUntrackedMax)
      try await heart.send(
        "EVAL", "return redis.call('set', 'hidden', ARGV[1])", "0", "\(round)", worker: round % 2)
      #expect(!heart.knows("bystander"))
      #expect(try await heart.get("hidden") == "\(round)")
    }
    #expect(await heart.isQuiet())
  }

  @Test("once tracking is allowed, the links that come next have it")
  func allowedLater() async throws {
    let heart = try untracked { _ in }
    _ = try await heart.get("k")
    #expect(!heart.proxy.isTracking)
    _ = try redis.query("ACL", "SETUSER", "limited", "+client|tracking")
    try redis.kill(redis.links("fill"))
    #expect(await heart.isWell())
    #expect(await eventually { heart.proxy.isTracking })
    for round in 0..<20 {
      _ = try redis.query("SET", "k", "\(round)")
      #expect(await comesTrue { try await heart.get("k") == "\(round)" })
    }
    #expect(await heart.isQuiet())
  }

  /// A heart whose user may not ask for invalidations.
  private func untracked(_ change: (inout ProxySettings) -> Void) throws -> Heart {
    _ = try redis.query(
      "ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-client|tracking")
    return try Heart(port: redis.port) {
      $0.url.username = "limited"
      $0.url.password = "secret"
      change(&$0)
    }
  }
}

extension Heart {
  /// Whether anything is known of a key, that it is absent included.
  func knows(_ key: String, database: UInt32 = 0) -> Bool {
    let bytes = Array(key.utf8)
    let hash = proxy.cache.hash(bytes.rawSpan)
    let hit = proxy.cache.find(bytes.rawSpan, hash: hash, database: database, .answers, now: .now)
    return hit != nil
  }
}
