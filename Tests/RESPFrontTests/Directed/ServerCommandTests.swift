import TestSupport
import Testing

@testable import RESPFront

/// Commands about the server, the connection and replication, each beside a plain server. What differs on
/// purpose is in `docs/differences.md`, and not here.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ServerCommandTests {
  /// Each story is a client's; `> ` stands before what another one says.
  static let stories: [[String]] = [
    ["FAILOVER", "FAILOVER ABORT", "FAILOVER FOO", "REPLICAOF", "REPLICAOF NO ONE", "GET a"],
    ["REPLICAOF no one x", "SLAVEOF NO ONE", "SLAVEOF a", "ROLE", "READONLY", "READWRITE"],
    [
      "ASKING", "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER", "RESTORE-ASKING a 0 x",
    ],
    ["DEBUG", "DEBUG SLEEP 0", "DEBUG SLEEP", "DEBUG JMAP", "DEBUG HELP", "DEBUG FOO", "GET a"],
    [
      "DEBUG OBJECT nokey", "DEBUG SET-ACTIVE-EXPIRE 1", "DEBUG LISTPACK a", "DEBUG RELOAD",
      "GET a",
    ],
    ["WAIT", "WAIT 0", "WAIT 0 0", "WAIT a 0", "WAIT 0 a", "WAIT 0 -1", "WAIT -1 0", "WAIT 1 10"],
    ["SET a 1", "WAIT 1 10", "WAITAOF 0 0 0", "WAITAOF", "MULTI", "WAIT 1 0", "EXEC"],
    ["SCRIPT KILL", "FUNCTION KILL", "SCRIPT KILL x", "FUNCTION KILL x", "SHUTDOWN FOO"],
    ["CLIENT REPLY", "CLIENT REPLY X", "CLIENT REPLY ON", "CLIENT NO-TOUCH", "CLIENT NO-TOUCH ON"],
    ["CLIENT NO-TOUCH a", "CLIENT NO-EVICT ON", "CLIENT NO-EVICT x", "CLIENT NO-EVICT"],
    ["CLIENT CACHING YES", "CLIENT CACHING a", "CLIENT CACHING", "CLIENT TRACKING ON OPTIN"],
    [
      "CLIENT TRACKING ON OPTOUT", "CLIENT CACHING YES", "CLIENT CACHING NO", "CLIENT TRACKINGINFO",
    ],
    ["CLIENT TRACKING ON BCAST", "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "CLIENT TRACKING OFF"],
    ["CLIENT TRACKING", "CLIENT TRACKING FOO", "CLIENT TRACKING ON FOO", "CLIENT GETREDIR x"],
    ["CLIENT TRACKING ON BCAST OPTIN", "CLIENT TRACKING ON PREFIX a", "CLIENT TRACKINGINFO x"],
    [
      "CLIENT TRACKING ON BCAST PREFIX a PREFIX aa", "CLIENT TRACKING ON REDIRECT",
      "CLIENT GETREDIR",
    ],
    [
      "CLIENT TRACKING ON REDIRECT a", "CLIENT TRACKING OFF REDIRECT 9999999",
      "CLIENT TRACKINGINFO",
    ],
    ["HELLO 0", "HELLO 1", "HELLO 5", "HELLO -1", "HELLO x", "HELLO 2 FOO", "HELLO 2 AUTH"],
    ["HELLO 2 AUTH a", "HELLO 3 AUTH a b", "HELLO 2 SETNAME", "HELLO 2 SETNAME a AUTH nobody x"],
    ["AUTH a", "AUTH a b", "AUTH", "AUTH a b c", "AUTH default x", "PING", "ACL WHOAMI"],
    ["SSUBSCRIBE s", "> SPUBLISH s hi", "SSUBSCRIBE s t", "SUNSUBSCRIBE s", "> SPUBLISH t x"],
    ["PUBSUB SHARDCHANNELS", "PUBSUB SHARDNUMSUB s", "PUBSUB NUMSUB a", "PUBSUB FOO", "PUBSUB"],
    [
      "CLIENT PAUSE", "CLIENT PAUSE a", "CLIENT PAUSE -1", "CLIENT PAUSE 0 WRITE", "CLIENT UNPAUSE",
    ],
    ["CLIENT KILL", "CLIENT KILL ID", "CLIENT KILL ID a", "CLIENT KILL ID 0", "CLIENT KILL A B"],
    ["CLIENT KILL TYPE foo", "CLIENT KILL USER nobody", "CLIENT KILL 1.2.3.4:5", "CLIENT HELP"],
    ["CLIENT LIST ID", "CLIENT LIST ID a", "CLIENT LIST TYPE", "CLIENT LIST FOO", "CLIENT FOO"],
    ["CLIENT UNBLOCK", "CLIENT UNBLOCK a", "CLIENT UNBLOCK 999999 ERROR", "CLIENT UNBLOCK 9 FOO"],
    ["MODULE LOAD nofile", "MODULE LIST", "MODULE UNLOAD x", "LATENCY RESET", "LATENCY HISTORY a"],
    ["SLOWLOG GET -2", "SLOWLOG GET a", "CONFIG SET foo bar", "CONFIG RESETSTAT", "COMMAND COUNT"],
    ["COMMAND INFO get", "COMMAND DOCS get", "COMMAND GETKEYS get", "COMMAND FOO", "LASTSAVE x"],
    [
      "SWAPDB 0 0", "SWAPDB 0 99", "SWAPDB a b", "MOVE a 99", "COPY a b DB 99",
      "MIGRATE a 1 b 0 10",
    ],
    ["EVAL", "EVAL x 0", "EVALSHA ffffffffffffffffffffffffffffffffffffffff 0", "FCALL f 0"],
    [
      "EVAL return(redis.call('foo')) 0", "SCRIPT EXISTS a", "SCRIPT LOAD return(1)",
      "SCRIPT FLUSH X",
    ],
    ["MULTI", "BLPOP q 0", "EXEC", "MULTI", "MONITOR", "EXEC", "MULTI", "SHUTDOWN FOO", "EXEC"],
    [
      "MULTI", "AUTH nobody x", "EXEC", "MULTI", "HELLO 9", "EXEC", "MULTI", "INFO proxy",
      "DISCARD",
    ],
    ["BLPOP a", "BLPOP a -1", "BLPOP q x", "BLMPOP 0 0 a LEFT", "XREAD BLOCK -1 STREAMS a 0"],
    ["DEBUG PROTOCOL string", "DEBUG PROTOCOL null", "DEBUG PROTOCOL map", "DEBUG PROTOCOL set"],
    [
      "DEBUG PROTOCOL bignum", "DEBUG PROTOCOL double", "DEBUG PROTOCOL verbatim",
      "DEBUG PROTOCOL true",
    ],
    ["DEBUG PROTOCOL attrib", "DEBUG PROTOCOL push", "DEBUG PROTOCOL integer", "GET a"],
  ]

  @Test(arguments: ["2", "3"]) func `commands about the server are answered as Redis answers them`(
    _ version: String
  ) throws {
    let twin = try Twin(arguments: ["--enable-debug-command", "yes"])
    for story in Self.stories {
      let (client, other) = (try twin.connect(), try twin.connect())
      try client.both("HELLO \(version)")
      var isQueueing = false
      for line in story {
        if line.hasPrefix("> ") {
          try other.say(String(line.dropFirst(2)))
        } else {
          try client.send(multibulk(line.split(separator: " ").map { Array($0.utf8) }))
        }
        isQueueing = line == "MULTI" || (isQueueing && line != "EXEC" && line != "DISCARD")
        if !isQueueing { try client.expectSameSoFar("RESP\(version): \(line)") }
      }
    }
  }

  @Test func `HELLO tells what Redis tells, once there is a link to it`() throws {
    let server = try RedisServer()
    let stack = try Stack(server, redisVersion: "7.0.0")
    let client = try stack.connect()
    let version = try #require(
      try server.query("INFO", "server").text?.split(separator: "\r\n")
        .first { $0.hasPrefix("redis_version:") }?.dropFirst("redis_version:".count))
    // A link of its own in RESP3, which alone tells the role.
    _ = try client.query("HELLO", "3")
    _ = try client.query("PING")
    func said(_ name: String) throws -> String? {
      try client.send(["HELLO"])
      guard case .array(let words?) = try client.receive() else { return nil }
      let place = words.firstIndex(of: .bulk(Array(name.utf8)))
      return place.flatMap { words[$0 + 1].text }
    }
    #expect(try said("version") == String(version))
    #expect(try said("role") == "master")
    _ = try server.query("REPLICAOF", "127.0.0.1", "1")
    let other = try stack.connect()
    _ = try other.query("HELLO", "3")
    _ = try other.query("WATCH", "k")
    #expect(try other.query("GET", "k") == .other("_"))
    #expect(try said("role") == "replica")
  }

  @Test func `after READONLY the name is looked up again, and another server found`() throws {
    let (old, new) = (try RedisServer(), try RedisServer())
    let relay = try Relay(to: old.port)
    let stack = try Stack(old, through: relay.port, loops: 2)
    let clients = try (0..<4).map { _ in try stack.connect() }
    for client in clients {
      #expect(try client.query("SET", "k", "old") == .simple("OK"))
      #expect(try client.query("GET", "k").text == "old")
    }
    // Connections that exist stay where they are; new ones get to the new server.
    relay.redirect(to: new.port)
    _ = try new.query("SET", "k", "new")
    var sawRefusal = false
    #expect(try old.query("REPLICAOF", "127.0.0.1", "\(new.port)") == .simple("OK"))
    for client in clients {
      try poll("the new server is written to") {
        let reply = try client.query("SET", "found", "yes")
        sawRefusal = sawRefusal || reply.text?.hasPrefix("READONLY") == true
        return reply == .simple("OK")
      }
      // Each loop changes over when it has heard of it.
      try poll("the new server is read from") { try client.query("GET", "k").text == "new" }
    }
    #expect(sawRefusal)
    #expect(try new.query("GET", "found").text == "yes")
  }

  @Test func `a replica that stays one is only asked now and then`() throws {
    let server = try RedisServer()
    let stack = try Stack(server, loops: 1)
    let client = try stack.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    _ = try server.query("REPLICAOF", "127.0.0.1", "1")
    let lost = try client.figures()["proxy_redis_links_lost"]
    for _ in 0..<200 {
      #expect(try client.query("SET", "k", "w").text?.hasPrefix("READONLY") == true)
      #expect(try client.query("GET", "k").text == "v")
    }
    #expect(try client.figures()["proxy_redis_links_lost"] == lost)
    let details = try #require(try server.query("INFO", "stats").text)
    let received = details.split(separator: "\r\n").first { $0.hasPrefix("total_connections") }
    let count = Int(received?.split(separator: ":").last ?? "") ?? .max
    #expect(count < 60)
  }
}
