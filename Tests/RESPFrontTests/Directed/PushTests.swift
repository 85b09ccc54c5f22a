import TestSupport
import Testing

/// What comes unasked, in places where it is not expected.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct PushTests {
  /// `> ` before what another client says.
  static let stories: [[String]] = [
    ["MULTI", "SUBSCRIBE a", "EXEC", "> PUBLISH a x", "UNSUBSCRIBE a", "GET k"],
    ["MULTI", "SUBSCRIBE a b", "GET k", "SET k 1", "EXEC", "> PUBLISH b x", "UNSUBSCRIBE a b"],
    ["MULTI", "SUBSCRIBE a b", "UNSUBSCRIBE a b", "GET k", "EXEC", "GET k"],
    ["MULTI", "SUBSCRIBE a b", "PUBLISH a x", "GET k", "PSUBSCRIBE p*", "EXEC", "> PUBLISH b y"],
    ["MULTI", "GET k", "SSUBSCRIBE s", "UNSUBSCRIBE", "EXEC", "GET k"],
    ["MULTI", "UNSUBSCRIBE", "PUNSUBSCRIBE", "EXEC", "GET k"],
    ["MULTI", "SUBSCRIBE a", "FOO", "EXEC", "GET k"], ["MULTI", "SUBSCRIBE a", "DISCARD", "GET k"],
    ["WATCH w", "MULTI", "SUBSCRIBE a", "> SET w 1", "EXEC", "GET k"],
    ["MULTI", "SUBSCRIBE a", "HGETALL h", "EXEC", "UNSUBSCRIBE a", "LRANGE l 0 -1"],
    ["MULTI", "SUBSCRIBE a", "EVAL return{1,{2,3},'x'} 0", "EXEC"],
    ["MULTI", "SUBSCRIBE a", "EXEC", "MULTI", "PUBLISH a x", "GET k", "EXEC"],
    ["SUBSCRIBE a", "PUBLISH a self", "MULTI", "PUBLISH a self", "GET k", "EXEC", "GET k"],
    ["SUBSCRIBE a", "EVAL return(redis.call('publish','a','x')) 0", "LRANGE l 0 -1"],
    ["PSUBSCRIBE __key*__:*", "SET k 1", "MULTI", "SET k 2", "DEL k", "EXEC", "> SET k 3"],
    ["PSUBSCRIBE __key*__:*", "ZPOPMIN z", "LMPOP 1 l LEFT", "SPOP s 2", "RENAME h i"],
    ["CLIENT REPLY SKIP", "SUBSCRIBE a", "UNSUBSCRIBE a", "GET k"],
    [
      "CLIENT REPLY OFF", "SUBSCRIBE a", "SUBSCRIBE", "> PUBLISH a x", "UNSUBSCRIBE a",
      "CLIENT REPLY ON",
    ],
    ["MULTI", "SUBSCRIBE a", "SELECT 1", "GET k", "EXEC", "UNSUBSCRIBE a", "GET k"],
  ]

  @Test(arguments: ["2", "3"]) func `subscribing, publishing and transactions mix as at Redis`(
    _ version: String
  ) throws {
    let twin = try Twin(arguments: ["--notify-keyspace-events", "KEA"])
    let other = try twin.connect()
    for story in Self.stories {
      for line in [
        "FLUSHALL", "RPUSH l message b c", "ZADD z 1 a", "SADD s a", "HSET h f v", "SET k 0",
      ] { try other.say(line) }
      let client = try twin.connect()
      try client.both("HELLO \(version)")
      // A subscriber in RESP2 is told that it may not, and has no transaction then.
      var isQueueing = false
      for line in story {
        if line.hasPrefix("> ") {
          try other.say(String(line.dropFirst(2)))
        } else {
          try client.send(multibulk(line.split(separator: " ").map { Array($0.utf8) }))
        }
        if line == "MULTI" { isQueueing = true }
        if line == "EXEC" || line == "DISCARD" { isQueueing = false }
        let isSilent = story[0].hasPrefix("CLIENT REPLY OFF") && line != "CLIENT REPLY ON"
        let isSkipped = line == "CLIENT REPLY SKIP"
        if !isQueueing && !isSilent && !isSkipped {
          try client.expectSameSoFar("RESP\(version): \(story), \(line)")
        }
      }
    }
    try poll("nobody listens") {
      shown(try other.proxied.query("PUBSUB", "NUMPAT")) == ":0␍"
    }
  }

  @Test func `a version that a transaction asks for is spoken from then on`() throws {
    let twin = try Twin()
    for story in [
      ["MULTI", "HELLO 3", "SUBSCRIBE a", "GET none", "EXEC", "GET none", "CLIENT GETNAME"],
      ["HELLO 3", "MULTI", "SUBSCRIBE a", "HELLO 2", "EXEC", "PING", "UNSUBSCRIBE a", "GET none"],
      ["MULTI", "HELLO 3 SETNAME n", "EXEC", "CLIENT GETNAME", "GET none", "RESET", "GET none"],
      ["HELLO 3 AUTH default x", "GET none", "HELLO 2", "GET none"],
      ["AUTH default x", "HELLO 3", "GET none", "HGETALL none"],
    ] {
      let client = try twin.connect()
      for line in story {
        try client.send(multibulk(line.split(separator: " ").map { Array($0.utf8) }))
      }
      client.plain.finish()
      client.proxied.finish()
      let sides = [try client.plain.rest(), try client.proxied.rest()].map {
        shown($0).replacing(/\$2␍id␍:[0-9]+/, with: "id")
      }
      #expect(sides[1] == sides[0], "\(story)")
    }
  }

  @Test func `what cannot be queued ends the transaction`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    for words in [["SYNC"], ["REPLCONF", "ACK", "1"], ["CLIENT", "REPLY", "OFF"]] {
      _ = try client.query("MULTI")
      try client.send(words)
      #expect(try client.receive().text?.hasPrefix("ERR ") == true)
      #expect(try client.query("SET", "k", "v") == .simple("QUEUED"))
      #expect(try client.query("EXEC").text?.hasPrefix("EXECABORT") == true)
      #expect(try client.query("GET", "k") == .bulk(nil))
    }
    try stack.expectIdle()
  }
}
