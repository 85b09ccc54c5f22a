import ProxyCore
import TestSupport
import Testing

@Suite("CachedRedis", .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct CachedRedisTests {
  let server: RedisServer

  init() throws { server = try RedisServer() }

  private func near(_ change: (inout RedisClientOptions) -> Void = { _ in }) async throws
    -> (CachedRedis, RedisClient)
  {
    var options = RedisClientOptions()
    // Machines under load are slow.
    options.connectTimeout = .seconds(20)
    change(&options)
    let redis = try await RedisClient(
      connectingTo: "redis://127.0.0.1:\(server.port)", options: options)
    return (try CachedRedis(redis, capacity: 1_000), redis)
  }

  @Test("a value is read once from Redis, and again after each write")
  func reads() async throws {
    let (near, _) = try await near { $0.loops = 2 }
    for round in 0..<50 {
      try await near.set("k", "\(round)")
      for _ in 0..<10 { #expect(try await near.getString("k") == "\(round)") }
    }
    #expect(near.statistics.hits >= 250)
    #expect(near.isCoherent)
    #expect(try await near.get("none") == nil)
    #expect(try await near.delete("k", "none") == 1)
    #expect(try await near.get("k") == nil)
  }

  @Test("what others write is seen once Redis has told")
  func foreignWrites() async throws {
    let (near, redis) = try await near()
    for round in 0..<20 {
      try await redis.set("k", "\(round)")
      var seen = try await near.getString("k")
      while seen != "\(round)" { seen = try await near.getString("k") }
    }
  }

  @Test("a crowd on a cold key asks Redis once")
  func crowd() async throws {
    let (near, redis) = try await near { $0.loops = 2 }
    try await redis.set("k", "v")
    try await redis.send("CONFIG", "RESETSTAT")
    try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for _ in 0..<500 { group.addTask { try await near.get("k") } }
      for try await value in group { #expect(value == Array("v".utf8)) }
    }
    let details = try await redis.send("INFO", "commandstats").string ?? ""
    #expect(details.contains("cmdstat_get:calls=1,"))
  }

  @Test("any command is answered as Redis answers it")
  func commands() async throws {
    let (near, _) = try await near()
    #expect(try await near.send("INCRBY", "n", 5).int == 5)
    #expect(try await near.getString("n") == "5")
    #expect(try await near.send("EVAL", "return redis.call('incr', 'n')", 0).int == 6)
    #expect(try await near.getString("n") == "6")
    let replies = try await near.transaction([["INCR", "n"], ["GET", "n"]])
    #expect(replies.map(\.string) == [nil, "7"])
    #expect(try await near.getString("n") == "7")
    try await near.send("LPUSH", "l", "x")
    await #expect(throws: RedisError.self) { try await near.get("l") }
    await #expect(throws: RedisError.self) { try await near.send("SUBSCRIBE", "c") }
    let large = [UInt8](repeating: 1, count: 2_000_000)
    try await near.set("large", large)
    #expect(try await near.get("large") == large)
    #expect(try await near.get("large") == large)
  }

  @Test("it closes, and its client goes on")
  func closing() async throws {
    let (near, redis) = try await near()
    try await near.set("k", "v")
    near.close()
    await #expect(throws: RedisError.self) {
      while true { try await near.set("k", "w") }
    }
    #expect(try await redis.getString("k")?.isEmpty == false)
  }

  @Test("a cancelled task does not wait, and nothing of it is left")
  func cancelled() async throws {
    let (near, _) = try await near()
    server.pause()
    let tasks = (0..<100).map { number in
      Task { try await near.get("k\(number % 10)") }
    }
    for task in tasks { task.cancel() }
    for task in tasks {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    server.resume()
    #expect(try await near.get("k1") == nil)
  }
}
