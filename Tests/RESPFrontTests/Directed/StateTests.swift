import ProxyCore
import RESPFront
import TestSupport
import Testing

/// What a server remembers of a client between its commands.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct StateTests {
  @Test func `a transaction fails where what was watched has changed`() throws {
    let twin = try Twin()
    let (client, other) = (try twin.connect(), try twin.connect())
    let stories: [[String]] = [
      ["WATCH a", "> SET a 1", "MULTI", "GET a", "EXEC"],
      ["WATCH a", "MULTI", "> SET a 1", "EXEC"],
      ["WATCH a b", "UNWATCH", "> SET a 1", "MULTI", "EXEC"],
      ["WATCH a", "SET a 1", "MULTI", "EXEC"],
      ["WATCH a", "EXEC", "> SET a 1", "MULTI", "EXEC"],
      ["WATCH a", "MULTI", "DISCARD", "> SET a 1"],
      ["WATCH a", "> SELECT 1", "> SET a 1", "> SELECT 0", "MULTI", "EXEC"],
      ["WATCH a", "GET a", "> DEL a", "GET a", "MULTI", "GET a", "EXEC", "GET a"],
      ["MULTI", "FOO", "SET a 2", "EXEC", "GET a"], ["MULTI", "WATCH a", "MULTI", "EXEC", "EXEC"],
      ["MULTI", "LPUSH a 1", "SET b 1", "EXEC", "GET a", "GET b"],
      ["MULTI", "RESET", "EXEC", "GET a"],
      ["WATCH a", "RESET", "> SET a 1", "MULTI", "PING", "EXEC"],
      ["MULTI", "SELECT 1", "SET a x", "EXEC"],
      ["GET a", "SELECT 0", "GET a", "RESET"],
      ["MULTI", "CLIENT SETNAME n", "CLIENT GETNAME", "EXEC"],
      ["CLIENT GETNAME", "RESET", "MULTI", "CLIENT GETNAME", "EXEC"],
      ["MULTI", "SELECT 99", "EXEC", "GET a"],
      ["RESET", "MULTI", "SAVE", "EXEC"], ["MULTI", "SUBSCRIBE", "EXEC"], ["DISCARD", "UNWATCH"],
      ["MULTI", "EVAL return(redis.call('set','a','s')) 0", "EXEC", "GET a"],
    ]
    for _ in 0..<2 {
      for story in stories {
        for line in story {
          if line.hasPrefix("> ") {
            try other.say(String(line.dropFirst(2)))
          } else {
            try client.say(line)
          }
        }
      }
    }
    try twin.stack.expectIdle()
  }

  @Test func `a key in memory is no way around what a client has asked for`() throws {
    let twin = try Twin()
    let (client, other) = (try twin.connect(), try twin.connect())
    try other.say("SET a 1")
    let stories: [[String]] = [
      ["MULTI", "GET a", "EXEC"], ["WATCH a", "GET a", "UNWATCH", "GET a"],
      ["SUBSCRIBE c", "GET a", "UNSUBSCRIBE c", "GET a"], ["SELECT 1", "GET a", "SELECT 0"],
      ["INCR a", "GET a", "> GET a"],
    ]
    for story in stories {
      try other.say("GET a")
      for line in ["GET a"] + story + ["GET a"] {
        if line.hasPrefix("> ") {
          try other.say(String(line.dropFirst(2)))
        } else {
          try client.say(line)
        }
      }
    }
    try twin.stack.expectIdle()
  }

  @Test func `a key in memory is not answered where the client wants no reply`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    _ = try client.query("SET", "k", "v")
    for _ in 0..<2 { #expect(try client.query("GET", "k").text == "v") }
    try client.send(["CLIENT", "REPLY", "SKIP"])
    try client.send(["GET", "k"])
    #expect(try client.query("ECHO", "after one").text == "after one")
    try client.send(["CLIENT", "REPLY", "OFF"])
    for _ in 0..<3 { try client.send(["GET", "k"]) }
    #expect(try client.query("CLIENT", "REPLY", "ON").text == "OK")
    #expect(try client.query("GET", "k").text == "v")
  }

  @Test func `a key in memory is nothing for strangers`() throws {
    let stack = try Stack(RedisServer(), options: { $0.password = Array("secret".utf8) })
    let (client, stranger) = (try stack.connect(), try stack.connect())
    _ = try client.query("AUTH", "secret")
    _ = try client.query("SET", "k", "v")
    for _ in 0..<2 { #expect(try client.query("GET", "k").text == "v") }
    #expect(try stranger.query("GET", "k") == .error("NOAUTH Authentication required."))
    _ = try stranger.query("AUTH", "secret")
    #expect(try stranger.query("GET", "k").text == "v")
  }

  @Test func `what a transaction has shown its client is not older again from memory`() throws {
    // Nobody tells the proxy of what others write.
    let stack = try Stack(RedisServer()) { $0.coherence = .timeToLive }
    let client = try stack.connect()
    for command in [["GET", "k"], ["COPY", "k", "n"], ["MGET", "l", "k"]] {
      #expect(try client.query("SET", "k", "old") == .simple("OK"))
      #expect(try client.query("GET", "k").text == "old")
      #expect(try stack.server.query("SET", "k", "new") == .simple("OK"))
      #expect(try client.query("GET", "k").text == "old", "it was not read from memory")
      for words in [["MULTI"], command, ["EXEC"]] {
        try client.send(words)
        _ = try client.receive()
      }
      #expect(try client.query("GET", "k").text == "new")
    }
  }

  @Test func `databases are a client's own`() throws {
    let twin = try Twin()
    let (client, other) = (try twin.connect(), try twin.connect())
    for database in Array(0...16) + [-1, 99, 1_000_000] {
      try client.say("SELECT \(database)")
      try client.say("SET k \(database)")
      try client.say("GET k")
      try other.say("GET k")
    }
    for database in 0...15 {
      try client.say("SELECT \(database)")
      try client.say("GET k")
    }
    for line in [
      "SWAPDB 0 1", "GET k", "SELECT 1", "GET k", "MOVE k 2", "FLUSHDB", "GET k", "RESET",
    ] {
      try client.say(line)
      try other.say("GET k")
    }
    try client.say("GET k")
  }

  @Test(arguments: [
    "PING", "MULTI", "WATCH a", "SUBSCRIBE a", "CLIENT TRACKING ON BCAST", "MONITOR", "SELECT 3",
    "CLIENT REPLY SKIP", "CLIENT SETNAME n", "BLPOP q 0.01",
  ]) func `RESET and QUIT have the last word in every state`(_ line: String) throws {
    let twin = try Twin()
    for end in ["RESET\r\nGET k\r\nCLIENT GETNAME\r\nQUIT\r\nPING\r\n", "QUIT\r\nPING\r\n"] {
      let client = try twin.connect()
      try client.send(Array("\(line)\r\n".utf8))
      if line != "CLIENT REPLY SKIP" { try client.expectSame() }
      if line == "MONITOR" {
        // The rest is seen twice.
        try client.send(Array("QUIT\r\n".utf8))
        _ = try client.proxied.rest()
        continue
      }
      try client.send(Array(end.utf8))
      // Redis forgets to hang up where the reply to QUIT is left out.
      client.plain.finish()
      client.proxied.finish()
      try client.expectSameEnd()
    }
    try twin.stack.expectIdle()
  }

  @Test func `what is of no use through a proxy is refused clearly`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    for words in [["SYNC"], ["PSYNC", "?", "-1"], ["REPLCONF", "capa", "eof"]] {
      try client.send(words)
      let text = try client.receive().text ?? ""
      #expect(text.hasPrefix("ERR replication does not pass"))
      #expect(text.hasSuffix("to Redis itself"), "it does not say what to do instead")
    }
    #expect(try client.query("PING") == .simple("PONG"))
    #expect(try client.query("REPLICAOF", "NO", "ONE") == .simple("OK"))
    #expect(try client.query("DEBUG", "JMAP").text?.hasPrefix("ERR") == true)
    #expect(try client.query("WAIT", "0", "10") == .integer(0))
    #expect(try client.query("WAIT", "1", "10") == .integer(0))
  }

  @Test func `SHUTDOWN ends Redis, the client's connection, and not the proxy`() throws {
    let stack = try Stack()
    let (client, other) = (try stack.connect(), try stack.connect())
    _ = try other.query("SET", "k", "v")
    try client.send(["SHUTDOWN", "NOSAVE"])
    #expect(throws: ToolError.self) { try client.receive() }
    try stack.server.restart()
    try poll("the proxy has found it again") { try other.query("SET", "k", "w") == .simple("OK") }
    #expect(try other.query("GET", "k").text == "w")
  }

  @Test(arguments: ["EVAL", "FCALL"]) func `a script that does not end can be killed`(
    _ kind: String
  ) throws {
    let stack = try Stack(
      RedisServer(arguments: ["--busy-reply-threshold", "50"]), loops: 1)
    let (client, other, killer) = (try stack.connect(), try stack.connect(), try stack.connect())
    if kind == "EVAL" {
      try client.send(["EVAL", "while true do end", "0"])
    } else {
      let code =
        "#!lua name=l\nredis.register_function('endless', function() while true do end end)"
      _ = try client.query("FUNCTION", "LOAD", code)
      try client.send(["FCALL", "endless", "0"])
    }
    let kill = kind == "EVAL" ? "SCRIPT" : "FUNCTION"
    try other.send(["SET", "k", "v"])
    try poll("there is something to kill") {
      try killer.query(kill, "KILL") == .simple("OK")
    }
    #expect(try client.receive().text?.contains("killed") == true)
    // It waited, or was told that the server is busy.
    let reply = try other.receive()
    #expect(reply == .simple("OK") || reply.text?.hasPrefix("BUSY") == true)
    #expect(try other.query("PING") == .simple("PONG"))
  }
}
