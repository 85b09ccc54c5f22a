import TestSupport
import Testing

@testable import ProxyCore

/// Each read of a client is one hit, if it was answered from memory, or one miss.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HeartStatisticsTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  private func counts(_ heart: Heart) -> [UInt64] {
    let statistics = heart.proxy.cache.statistics
    return [statistics.hits, statistics.misses]
  }

  @Test func `a read that is looked up twice is one read of its key`() throws {
    let heart = try Heart(port: redis.port, loops: 1)
    let rates = heart.onWorker { worker in
      let now = worker.now
      let key = Array("k".utf8)
      let hash = worker.hash(key.rawSpan)
      for counting in [ByteCache.Counting.hits, .all] {
        _ = worker.find(key.rawSpan, hash: hash, database: 0, counting: counting, now: now)
      }
      return worker.hotKeys.tally(now: now).keys.map(\.readsPerSecond)
    }
    #expect(rates == [1])
    #expect(counts(heart) == [0, 1])
  }

  @Test(arguments: [1, 3]) func `a read is a hit or a miss, and never both`(
    _ loops: Int
  ) async throws {
    let heart = try Heart(port: redis.port, loops: loops)
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(counts(heart) == [0, 1])
    for _ in 0..<5 { #expect(try await heart.get("k") == "v") }
    #expect(counts(heart) == [5, 1])
    #expect(try await heart.get("absent") == nil)
    #expect(try await heart.get("absent") == nil)
    #expect(counts(heart) == [6, 2])
    try await heart.send("SET", "k", "w")
    #expect(try await heart.get("k") == "w")
    #expect(counts(heart) == [6, 3])
  }

  @Test func `those who wait for one fetch have each missed`() async throws {
    let heart = try Heart(port: redis.port, loops: 2)
    redis.pause()
    async let values = withTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { _ = try? await heart.get("k") } }
    }
    #expect(await eventually { counts(heart) == [0, 20] })
    redis.resume()
    await values
    #expect(counts(heart) == [0, 20])
  }

  @Test func `what is found and may not be answered with is a miss`() async throws {
    let heart = try Heart(port: redis.port, loops: 1) { $0.valueBytesMax = 100 }
    _ = try redis.query("SET", "large", String(repeating: "x", count: 1_000))
    for round in 1...3 {
      guard case .large = await heart.value(of: "large", database: 0) else {
        Issue.record("it was kept")
        return
      }
      #expect(counts(heart) == [0, UInt64(round)])
    }
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(try await heart.get("k") == "v")
    #expect(counts(heart) == [1, 4])
    try redis.kill(redis.links("fill"))
    #expect(await eventually { heart.cached("k") == nil })
    let before = counts(heart)
    #expect(await comesTrue { try await heart.get("k") == "v" })
    // Attempts that failed while the link was away have missed too.
    #expect(counts(heart)[0] == before[0])
    #expect(counts(heart)[1] > before[1])
  }

  @Test func `what has expired is a miss and an expiration`() async throws {
    let heart = try Heart(port: redis.port, loops: 1) { $0.timeToLive = .milliseconds(50) }
    _ = try redis.query("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    try await Task.sleep(for: .milliseconds(60))
    #expect(try await heart.get("k") == "v")
    let statistics = heart.proxy.cache.statistics
    #expect([statistics.hits, statistics.misses] == [0, 2])
    // The second entry may have ended, too.
    #expect(statistics.expirations >= 1)
  }
}
