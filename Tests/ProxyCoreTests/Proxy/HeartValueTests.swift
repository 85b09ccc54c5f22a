import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart and values that are not there, or too large")
struct HeartValueTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("a key's absence is remembered, and ends with its creation, here or elsewhere")
  func absent() async throws {
    let heart = try Heart(port: redis.port)
    for _ in 0..<50 { #expect(try await heart.get("k") == nil) }
    #expect(try redis.calls("get") == 1)
    try await heart.send("SET", "k", "here")
    #expect(try await heart.get("k") == "here")
    try await heart.send("DEL", "k", worker: 1)
    // Word that it was deleted may come while it is fetched, which is then answered but not kept.
    #expect(try await heart.get("k") == nil)
    var olderCount = 0
    let isKept = await comesTrue {
      if try await heart.get("k") != nil { olderCount += 1 }
      return heart.knows("k")
    }
    #expect(isKept && olderCount == 0)
    _ = try redis.query("SET", "k", "elsewhere")
    #expect(await comesTrue { try await heart.get("k") == "elsewhere" })
    #expect(await heart.isQuiet())
  }

  @Test("a value over the limit crosses the fill link once, until it is written small")
  func large() async throws {
    let heart = try Heart(port: redis.port) { $0.valueBytesMax = 1_000 }
    let large = String(repeating: "x", count: 100_000)
    _ = try redis.query("SET", "k", large)
    for worker in 0..<10 {
      #expect(HeartOutcome(await heart.fetch("k", worker: worker % 2)) == .large)
    }
    #expect(try redis.calls("get") == 1)
    // Here.
    try await heart.send("SET", "k", "small")
    #expect(try await heart.get("k") == "small")
    // And elsewhere.
    _ = try redis.query("SET", "k", large)
    #expect(await comesTrue { await heart.outcome(ofGetting: "k") == .large })
    _ = try redis.query("SETRANGE", "k", "0", "y")
    #expect(await comesTrue { await heart.outcome(ofGetting: "k") == .large })
    _ = try redis.query("SET", "k", "small again")
    #expect(await comesTrue { try await heart.get("k") == "small again" })
    #expect(await heart.isQuiet())
  }

  @Test("values around the limit of what is kept", arguments: [999, 1_000, 1_001])
  func limit(_ count: Int) async throws {
    let heart = try Heart(port: redis.port) { $0.valueBytesMax = 1_000 }
    let value = String(repeating: "x", count: count)
    _ = try redis.query("SET", "k", value)
    for _ in 0..<3 {
      let expected = count > 1_000 ? HeartOutcome.large : .value(value)
      #expect(await heart.outcome(ofGetting: "k") == expected)
    }
    #expect(try redis.calls("get") == 1)
    #expect(await heart.isQuiet())
  }

  @Test("a capacity of nothing keeps nothing and answers everything")
  func capacityZero() async throws {
    let heart = try Heart(port: redis.port) { $0.capacity = 0 }
    for round in 0..<20 {
      _ = try redis.query("SET", "k", "\(round)")
      #expect(try await heart.get("k") == "\(round)")
      #expect(try await heart.get("missing") == nil)
    }
    #expect(heart.proxy.cache.statistics.entries == 0)
    #expect(await heart.isQuiet())
  }

  @Test("any bytes are a key or a value, none and many included")
  func bytes() async throws {
    let heart = try Heart(port: redis.port)
    for key in ["", "\r\n", "\0", String(repeating: "k", count: 70_000)] {
      for value in ["", "\r\n$-1\r\n", String(repeating: "v", count: 200_000)] {
        try await heart.send("SET", key, value)
        for _ in 0..<2 { #expect(try await heart.get(key) == value) }
      }
    }
    #expect(await heart.isQuiet())
  }

  @Test("Redis's own errors are handed on, and not kept")
  func wrongType() async throws {
    let heart = try Heart(port: redis.port)
    _ = try redis.query("RPUSH", "k", "1")
    for _ in 0..<3 {
      guard case .reply(.error(let error)) = await heart.outcome(ofGetting: "k") else {
        Issue.record("a list was read")
        return
      }
      #expect(error.code == "WRONGTYPE")
    }
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet())
  }
}
