import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart")
struct HeartTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("a value is fetched once and then answered from memory, on all loops")
  func hit() async throws {
    let heart = try Heart(port: redis.port)
    _ = try redis.query("SET", "k", "v")
    _ = try redis.query("CONFIG", "RESETSTAT")
    for _ in 0..<100 { #expect(try await heart.get("k") == "v") }
    #expect(try gets() == 1)
    #expect(await heart.isQuiet())
  }

  @Test("500 readers of a cold key over all loops cost one GET")
  func oneFetch() async throws {
    let heart = try Heart(port: redis.port, loops: 4)
    _ = try redis.query("SET", "k", "v")
    _ = try redis.query("CONFIG", "RESETSTAT")
    // What is fetched is not there yet when the last reader comes: the server stands still meanwhile.
    redis.pause()
    let values = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for reader in 0..<500 {
        group.addTask {
          guard case .value(let value) = await heart.fetch("k", worker: reader % 4) else {
            throw Heart.Surprise()
          }
          return value
        }
      }
      group.addTask {
        _ = await eventually { heart.census.workers.map(\.reads).reduce(0, +) == 500 }
        self.redis.resume()
        return Array("v".utf8)
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(values.count == 501 && values.allSatisfy { $0 == Array("v".utf8) })
    #expect(try gets() == 1)
    #expect(await heart.isQuiet())
  }

  @Test("a write through the proxy is seen by the next read")
  func write() async throws {
    let heart = try Heart(port: redis.port)
    for round in 0..<200 {
      try await heart.send("SET", "k", "\(round)", worker: round % 2)
      #expect(try await heart.get("k") == "\(round)")
    }
    #expect(await heart.isQuiet())
  }

  @Test("a write that bypasses the proxy is seen once its invalidation has come")
  func foreignWrite() async throws {
    let heart = try Heart(port: redis.port)
    for round in 0..<50 {
      _ = try redis.query("SET", "k", "\(round)")
      #expect(await eventually { heart.cached("k") != "\(round - 1)" })
      #expect(try await heart.get("k") == "\(round)")
    }
  }

  @Test("a script's writes, declared or not, are seen by the next read")
  func script() async throws {
    let heart = try Heart(port: redis.port)
    for round in 0..<100 {
      _ = try await heart.get("hidden")
      try await heart.send(
        "EVAL", "redis.call('set', 'hidden', ARGV[1])", "0", "\(round)", worker: round % 2)
      #expect(try await heart.get("hidden") == "\(round)")
    }
    #expect(await heart.isQuiet())
  }

  @Test("a transaction is one request")
  func transaction() async throws {
    let heart = try Heart(port: redis.port)
    _ = try await heart.get("a")
    let reply = try await heart.send([["SET", "a", "1"], ["INCR", "a"], ["GET", "a"]])
    #expect(reply == .array([.simpleString(Array("OK".utf8)), .integer(2), .bulkString([50])]))
    #expect(try await heart.get("a") == "2")
    #expect(await heart.isQuiet())
  }

  private func gets() throws -> Int {
    guard case .bulk(let text?) = try redis.query("INFO", "commandstats") else { return -1 }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\r\n")
    guard let line = lines.first(where: { $0.hasPrefix("cmdstat_get:") }) else { return 0 }
    return Int(line.split(separator: ",")[0].split(separator: "=")[1]) ?? -1
  }
}

extension Heart {
  /// What is in memory: nil where nothing is known, or no such key.
  func cached(_ key: String) -> String? {
    let bytes = Array(key.utf8)
    let hash = proxy.cache.hash(bytes.rawSpan)
    guard let hit = proxy.cache.find(bytes.rawSpan, hash: hash, .answers, now: .now) else {
      return nil
    }
    return hit.isAbsent ? nil : String(decoding: hit.copied(), as: UTF8.self)
  }
}
