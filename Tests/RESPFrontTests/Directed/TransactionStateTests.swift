import TestSupport
import Testing

@testable import RESPFront

/// What a transaction leaves of its client's state, where some of it fails.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct TransactionStateTests {
  /// What is queued between MULTI and EXEC.
  static let transactions: [[String]] = [
    ["SELECT 3", "SELECT 99"], ["SELECT 99"], ["SELECT 99", "SELECT 98"],
    ["SELECT 99", "SELECT 3"],
    ["SELECT abc"], ["SELECT 3", "SELECT abc"], ["SELECT abc", "SELECT 5"], ["SELECT -1"],
    ["SELECT 3", "SELECT -1", "GET where"], ["SELECT 4", "SELECT 99999999999999999999"],
    ["SELECT 3", "GET where", "SELECT 99", "GET where", "SELECT 5", "GET where"],
    ["SELECT 3", "SELECT 99", "SET own 1", "SELECT 16", "SELECT 15", "LPUSH where x"],
    ["SELECT 3", "FOO"], ["SELECT 3", "SELECT"], ["SELECT 3", "SELECT 1 2", "GET where"],
    ["SELECT 3", "SUBSCRIBE a", "SELECT 99"], ["SUBSCRIBE a b", "SELECT 3", "SELECT 99"],
    ["SELECT 3", "SUBSCRIBE a", "PUBLISH a x", "SELECT 99", "UNSUBSCRIBE a", "GET where"],
    ["SUBSCRIBE a", "UNSUBSCRIBE a", "SELECT 99", "SELECT 6", "UNSUBSCRIBE", "SELECT 99"],
    ["HELLO 3", "SELECT 3", "SELECT 99"], ["SELECT 3", "HELLO 2", "SELECT 99", "GET where"],
    ["SELECT 7", "HELLO 3 AUTH nobody x", "SELECT 99"], ["SELECT 7", "AUTH nobody x", "SELECT 99"],
    ["CLIENT SETNAME n", "SELECT 3", "CLIENT GETNAME", "SELECT 99", "CLIENT GETNAME"],
    ["EVAL return(redis.error_reply('ERR\tx')) 0", "SELECT 8", "SELECT 99"],
    ["EVAL redis.call('select',9)return(redis.call('get','where')) 0", "SELECT 99", "GET where"],
    ["LRANGE list 0 -1", "SELECT 2", "HGETALL hash", "SELECT 99", "LRANGE list 0 -1"],
    ["WATCH watched", "SELECT 3", "MULTI", "SELECT 99", "WATCH"],
    ["UNWATCH", "SELECT 3", "SELECT 99"],
    ["MULTI", "SELECT 99", "SUBSCRIBE a b", "WATCH x", "SELECT 3", "PUBLISH a x", "SELECT 99"],
    ["GET where", "PING"],
  ]

  @Test(arguments: ["2", "3"]) func `the database is that of the last SELECT that Redis obeyed`(
    _ version: String
  ) throws {
    let twin = try Twin()
    let other = try twin.connect()
    for database in 0...15 {
      try other.say("SELECT \(database)")
      for line in [
        "SET where \(database)", "RPUSH list *3 :1 -ERR", "HSET hash -ERR >2", "GET where",
      ] { try other.say(line) }
    }
    try other.say("SELECT 0")
    for watches in [false, true] {
      for transaction in Self.transactions {
        let client = try twin.connect()
        try client.both("HELLO \(version)")
        try client.say("GET where")
        if watches {
          try client.say("WATCH watched")
          try other.say("INCR watched")
        }
        for line in ["MULTI"] + transaction { try client.say(line) }
        let comment = "\(transaction), watched: \(watches)"
        try Self.expectSameEnd(of: client, comment)
        try Self.expectSameDatabase(client, comment)
        for line in ["UNSUBSCRIBE a b", "GET where", "INCR count", "SET own \(version)"] {
          try client.send(multibulk(line.split(separator: " ").map { Array($0.utf8) }))
          try client.expectSameSoFar("\(comment): \(line)")
        }
        // A second one begins where the first has ended.
        for line in ["MULTI", "GET where", "SELECT 99", "EXEC", "GET where"] {
          try client.say(line)
        }
        try Self.expectSameDatabase(client, comment)
        try client.both("RESET")
        try client.say("GET where")
        try Self.expectSameDatabase(client, comment)
      }
    }
    for database in 0...15 {
      for line in ["SELECT \(database)", "GET where", "GET count", "GET own"] {
        try other.say(line)
      }
    }
    try twin.stack.expectIdle()
  }

  /// HELLO tells the number of whoever has executed it.
  private static func expectSameEnd(of client: TwinConnection, _ comment: String) throws {
    try client.send("EXEC")
    try client.send("PING", "executed")
    let sides = try [client.plain, client.proxied].map { side in
      shown(try side.bytes(until: "executed\r\n")).replacing(/\$2␍id␍:[0-9]+/, with: "id")
    }
    #expect(sides[1] == sides[0], "\(comment)")
  }

  /// Of a subscriber in RESP2 nobody can ask that.
  private static func expectSameDatabase(_ client: TwinConnection, _ comment: String) throws {
    try client.send("CLIENT", "INFO")
    let databases = try [client.plain, client.proxied].map { side in
      let text = shown(try side.frame())
      return text.firstMatch(of: /\bdb=[0-9]+/).map { String($0.output) } ?? text
    }
    #expect(databases[1] == databases[0], "\(comment)")
  }

  @Test func `a pipeline behind a transaction goes on in the database that it ends in`() throws {
    let twin = try Twin()
    let client = try twin.connect()
    for database in [0, 3, 5] {
      try client.say("SELECT \(database)")
      try client.say("SET where \(database)")
    }
    for end in ["SELECT 99", "SELECT 5", "GET where"] {
      try client.say("SELECT 0")
      let lines = [
        "MULTI", "SELECT 3", end, "EXEC", "GET where", "SET last \(end.count)", "GET last",
      ]
      try client.send(Array(lines.map { $0 + "\r\n" }.joined().utf8))
      try client.expectSame(lines.count, end)
      try client.say("RESET")
      for database in [0, 3, 5] {
        for line in ["SELECT \(database)", "GET where", "GET last"] { try client.say(line) }
      }
    }
  }
}
