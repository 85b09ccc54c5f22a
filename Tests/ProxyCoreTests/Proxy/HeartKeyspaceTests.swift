import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart and what happens to whole data sets", .serialized)
struct HeartKeyspaceTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test(
    "FLUSHALL and FLUSHDB through the proxy leave nothing behind",
    arguments: [["FLUSHALL"], ["FLUSHDB"], ["FLUSHALL", "ASYNC"], ["FLUSHDB", "SYNC"]])
  func flushed(_ words: [String]) async throws {
    let heart = try Heart(port: redis.port)
    for round in 0..<5 {
      for key in 0..<50 { _ = try redis.query("SET", "k\(key)", "v") }
      for key in 0..<50 {
        #expect(await comesTrue { try await heart.get("k\(key)") == "v" })
      }
      #expect(try await heart.send([words], worker: round % 2) == .simpleString(Array("OK".utf8)))
      for key in 0..<50 { #expect(try await heart.get("k\(key)") == nil) }
    }
    #expect(await heart.isQuiet())
  }

  @Test("SWAPDB through the proxy exchanges what is read")
  func swapped() async throws {
    let heart = try Heart(port: redis.port)
    for database in 0..<2 {
      for key in 0..<20 {
        try await heart.send("SET", "k\(key)", "\(database)", database: UInt32(database))
      }
    }
    for round in 0..<10 {
      for database in 0..<2 {
        let expected = "\((database + round) % 2)"
        for key in 0..<20 {
          #expect(try await heart.get("k\(key)", database: UInt32(database)) == expected)
        }
      }
      try await heart.send("SWAPDB", "0", "1", worker: round % 2)
    }
    #expect(await heart.isQuiet())
  }

  @Test("a foreign FLUSHALL is seen as soon as it is announced")
  func foreignFlush() async throws {
    let heart = try Heart(port: redis.port)
    for _ in 0..<10 {
      for key in 0..<20 {
        _ = try redis.query("SET", "k\(key)", "v")
        #expect(await comesTrue { try await heart.get("k\(key)") == "v" })
      }
      _ = try redis.query("FLUSHALL")
      for key in 0..<20 { #expect(await comesTrue { try await heart.get("k\(key)") == nil }) }
    }
    #expect(await heart.isQuiet())
  }

  @Test("no value is answered past its key's end, announced or not", arguments: [false, true])
  func keyEnd(_ isStopped: Bool) async throws {
    let heart = try Heart(port: redis.port) { $0.timeToLive = nil }
    _ = try redis.query("SET", "k", "v", "PX", "400")
    let end = Moment.now.advanced(by: .milliseconds(400))
    let first = try await heart.get("k")
    #expect(first == "v" || Moment.now > end)
    if isStopped { redis.pause() }
    let isOver = await eventually {
      let begun = Moment.now
      if heart.cached("k") == nil { return begun > end }
      #expect(begun <= end)
      return false
    }
    redis.resume()
    #expect(isOver)
    #expect(try await heart.get("k") == nil)
    #expect(await heart.isQuiet())
  }

  @Test("an end that is too far for any clock is no end")
  func farEnd() async throws {
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "k", "v", "PXAT", "9223372036854775000")
    for _ in 0..<3 { #expect(try await heart.get("k") == "v") }
    #expect(heart.cached("k") == "v")
  }

  @Test("keys that Redis evicts are not remembered")
  func evicted() async throws {
    let heart = try Heart(port: redis.port)
    let admin = try redis.connect()
    let value = String(repeating: "v", count: 100)
    let keys = (0..<300).map { "k\($0)" }
    for key in keys { _ = try admin.query("SET", key, value) }
    for key in keys { #expect(try await heart.get(key) == value) }
    let used = try admin.query("INFO", "memory").text ?? ""
    let line = used.split(separator: "\r\n").first { $0.hasPrefix("used_memory:") }
    let bytes = try #require(line.flatMap { Int($0.dropFirst("used_memory:".count)) })
    _ = try admin.query("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    _ = try admin.query("CONFIG", "SET", "maxmemory", "\(bytes - 20_000)")
    var left = keys
    let hasEvicted = await comesTrue {
      left = try keys.filter { try admin.query("EXISTS", $0) == .integer(1) }
      return left.count < keys.count - 20
    }
    #expect(hasEvicted)
    _ = try admin.query("CONFIG", "SET", "maxmemory", "0")
    // Each command before that may have evicted more.
    left = try keys.filter { try admin.query("EXISTS", $0) == .integer(1) }
    let evicted = Set(keys).subtracting(left)
    #expect(await eventually { evicted.allSatisfy { heart.cached($0) == nil } })
    for key in left { #expect(try await heart.get(key) == value) }
    #expect(await heart.isQuiet())
  }

  @Test("a tracking table of ten keys for a thousand costs hits and never freshness")
  func smallTrackingTable() async throws {
    let admin = try redis.connect()
    _ = try admin.query("CONFIG", "SET", "tracking-table-max-keys", "10")
    let heart = try Heart(port: redis.port)
    for round in 0..<3 {
      for key in 0..<1_000 { _ = try admin.query("SET", "k\(key)", "\(round)") }
      // One that is written last: when it is seen, all before it have been announced to its home.
      for key in 0..<1_000 {
        #expect(await comesTrue { try await heart.get("k\(key)") == "\(round)" })
      }
    }
    #expect(await heart.isQuiet())
  }

  @Test("one name in several databases is several keys")
  func databases() async throws {
    let heart = try Heart(port: redis.port)
    for database in UInt32(0)..<4 {
      try await heart.send("SET", "k", "\(database)", worker: Int(database) % 2, database: database)
    }
    for round in 0..<20 {
      let written = UInt32(round % 4)
      for database in UInt32(0)..<4 where database != written {
        #expect(try await heart.get("k", database: database) != nil)
      }
      try await heart.send("SET", "k", "r\(round)", worker: round % 2, database: written)
      #expect(try await heart.get("k", database: written) == "r\(round)")
    }
    for (database, round) in [(UInt32(0), 16), (1, 17), (2, 18), (3, 19)] {
      #expect(try await heart.get("k", database: database) == "r\(round)")
    }
    // A foreign writer's invalidation names no database.
    let foreign = try redis.connect()
    _ = try foreign.query("SELECT", "2")
    _ = try foreign.query("SET", "k", "foreign")
    #expect(await comesTrue { try await heart.get("k", database: 2) == "foreign" })
    #expect(try await heart.get("k", database: 1) == "r17")
    #expect(await heart.isQuiet())
  }

  @Test("values that may live longer than when they were fetched keep their link")
  func raisedTimeToLive() async throws {
    let redis = try RedisServer()
    let admin = try redis.connect()
    _ = try admin.query("SELECT", "3")
    _ = try admin.query("SET", "k", "old")
    let heart = try Heart(port: redis.port, loops: 1) {
      $0.timeToLive = .milliseconds(300)
      $0.linkIdleMax = .milliseconds(50)
    }
    #expect(try await heart.get("k", database: 3) == "old")
    heart.proxy.setTimeToLive(.seconds(7_200))
    try await Task.sleep(for: .seconds(2))
    // Its link would have been idle for long enough.
    #expect(heart.onWorker { $0.home.links[3] != nil } == true)
    _ = try admin.query("SET", "k", "new")
    let isNew = await comesTrue { try await heart.get("k", database: 3) == "new" }
    #expect(isNew)
  }
}
