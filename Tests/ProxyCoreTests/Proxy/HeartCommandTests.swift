import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart and the commands that change what GET answers")
struct HeartCommandTests {
  /// What Redis and the proxy are asked about, before and after each.
  private static let keys = ["a", "b", "list", "hll", "other"]

  @Test(
    "after a command through the proxy its keys read as at Redis",
    arguments: [
      "RENAME a b", "RENAMENX a new", "DEL a", "UNLINK a b", "EXPIRE a 100", "PEXPIRE a 0",
      "EXPIREAT a 1", "PERSIST a", "GETDEL a", "GETEX a PXAT 1", "COPY a b REPLACE",
      "COPY a other DB 1",
      "MOVE a 1", "SORT list STORE a", "PFADD hll x y z", "PFCOUNT hll", "PFMERGE a hll",
      "APPEND a x",
      "SETRANGE a 1 xyz", "SETBIT a 1 1", "BITOP NOT b a", "BITFIELD a SET u8 0 65",
      "INCRBYFLOAT n 1.5",
      "GETSET a new", "SET a new GET", "MSET a 1 b 2", "MSETNX a 1 b 2", "SETEX a 100 new",
      "LMOVE list a LEFT LEFT",
      "LPUSH list 1", "SADD a 1", "ZUNIONSTORE a 1 list",
      "GEOSEARCHSTORE a list FROMLONLAT 0 0 BYRADIUS 1 m",
      "XADD a * f v", "HSET other f v", "FLUSHALL", "SWAPDB 0 1", "LMPOP 1 list LEFT",
      "OBJECT FREQ a",
      "EVAL return(redis.call('set','a','s')) 0", "EVAL return(redis.call('del',KEYS[1])) 1 a",
    ])
  func command(_ text: String) async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port)
    let words = text.split(separator: " ").map(String.init)
    for worker in 0..<2 {
      try await prepare(redis, heart)
      _ = try? await heart.send([words], worker: worker)
      for database in UInt32(0)..<2 {
        for key in Self.keys {
          let seen = await heart.outcome(ofGetting: key, database: database)
          #expect(seen == (try Self.answer(of: redis, key, database)), "\(key) in \(database)")
        }
      }
    }
    #expect(await heart.isQuiet())
  }

  @Test("a key that is restored from bytes reads as they say")
  func restore() async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "a", "first")
    guard case .bulkString(let dump) = try await heart.send("DUMP", "a") else {
      Issue.record("DUMP gave nothing")
      return
    }
    try await heart.send("SET", "a", "second")
    #expect(try await heart.get("a") == "second")
    var request = ByteBuffer()
    request.appendCommand(argumentCount: 5)
    for word in ["RESTORE", "a", "0"] { request.appendArgument(Array(word.utf8)) }
    request.appendArgument(dump)
    request.appendArgument("REPLACE")
    let outcome = await heart.proxy.reply(to: [request.bytes.array], database: 0, worker: 1)
    #expect(HeartOutcome(outcome) == .ok)
    #expect(try await heart.get("a") == "first")
    #expect(await heart.isQuiet())
  }

  @Test("a transaction's keys are held until all of it has been done")
  func transaction() async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port)
    for round in 0..<50 {
      for key in ["a", "b"] { _ = try await heart.get(key) }
      _ = try await heart.send([["SET", "a", "\(round)"], ["INCR", "b"]], worker: round % 2)
      #expect(try await heart.get("a") == "\(round)")
      #expect(try await heart.get("b") == "\(round + 1)")
    }
    // One that is refused while it is queued does nothing at all.
    let refused = await heart.outcome("SET", "a")
    guard case .reply(.error) = refused else {
      Issue.record("\(refused)")
      return
    }
    guard case .error = try await heart.send([["SET", "a", "x"], ["NOSUCH"]]) else {
      // An unknown command is queued with the others, and then all are refused.
      Issue.record("EXEC did not fail")
      return
    }
    #expect(try await heart.get("a") == "49")
    #expect(await heart.isQuiet())
  }

  @Test("what a transaction has shown is not older again from memory")
  func transactionOfReads() async throws {
    let redis = try RedisServer()
    // Nobody tells the proxy of what others write.
    let heart = try Heart(port: redis.port) { $0.coherence = .timeToLive }
    try await heart.send("SET", "k", "old")
    #expect(try await heart.get("k") == "old")
    #expect(try redis.query("SET", "k", "new") == .simple("OK"))
    #expect(try await heart.get("k") == "old")
    #expect(
      try await heart.send([["GET", "l"], ["GET", "k"]])
        == .array([.null, .bulkString(Array("new".utf8))]))
    #expect(try await heart.get("k") == "new")
    #expect(await heart.isQuiet())
  }

  private func prepare(_ redis: RedisServer, _ heart: Heart) async throws {
    let admin = try redis.connect()
    _ = try admin.query("FLUSHALL")
    _ = try admin.query("SET", "a", "value-a", "EX", "1000")
    _ = try admin.query("SET", "b", "value-b")
    _ = try admin.query("RPUSH", "list", "3", "1", "2")
    _ = try admin.query("PFADD", "hll", "p", "q")
    _ = try admin.query("SELECT", "1")
    _ = try admin.query("SET", "b", "value-b in 1")
    // In memory before the command: what is written by others is announced first.
    for database in UInt32(0)..<2 {
      for key in Self.keys {
        #expect(
          await comesTrue {
            try await heart.outcome(ofGetting: key, database: database)
              == Self.answer(of: redis, key, database)
          })
      }
    }
  }

  private static func answer(
    of redis: RedisServer, _ key: String, _ database: UInt32
  ) throws -> HeartOutcome {
    let connection = try redis.connect()
    _ = try connection.query("SELECT", "\(database)")
    switch try connection.query("GET", key) {
    case .bulk(let bytes): return .value(bytes.map { String(decoding: $0, as: UTF8.self) })
    case .error(let text): return .reply(.error(RESPError(bytes: Array(text.utf8))))
    default: return .cancelled
    }
  }
}
