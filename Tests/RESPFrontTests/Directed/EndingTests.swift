import Glibc
import ProxyCore
import TestSupport
import Testing

/// The ends of connections, and what is still owed then.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct EndingTests {
  @Test func `requests before the end are answered`() throws {
    let twin = try Twin()
    for text in [
      "SET k v\r\nGET k\r\nINCR n\r\nGET n\r\n", "MULTI\r\nINCR n\r\nEXEC\r\nGET n\r\n",
      "SUBSCRIBE a\r\nUNSUBSCRIBE\r\nGET k\r\n", "SELECT 3\r\nSET k 3\r\nGET k\r\n*1\r\n$4\r\nPI",
      "EVAL return(1) 0\r\nGET n\r\nQUIT\r\nPING\r\n", "GET a\r\nGET b\r\nGET a\r\nMGET a b\r\n",
    ] {
      let client = try twin.connect()
      try client.send(Array(text.utf8))
      client.plain.finish()
      client.proxied.finish()
      try client.expectSameEnd()
    }
    try twin.stack.expectIdle()
  }

  @Test(arguments: [
    "*x\r\n", "*1\r\n:1\r\n", "*2\r\n$3\r\nGET\r\n$-1\r\n", "*1\r\n$536870913\r\n", "GET \"\r\n",
  ]) func `an error of protocol comes after the replies to what came before`(
    _ error: String
  ) throws {
    let twin = try Twin()
    for before in [
      "INCR n\r\nGET n\r\nGET m\r\n", "MULTI\r\nGET a\r\n", "EVAL return(1) 0\r\n", "",
    ] {
      let client = try twin.connect()
      try client.send(Array("\(before)\(error)PING\r\n".utf8))
      try client.expectSameEnd()
    }
  }

  @Test func `replies are left out whatever they are`() throws {
    let twin = try Twin()
    var random = RandomSession(generator: .forTest())
    let modes = ["CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON"]
    let lines = [
      "GET k", "SET k v", "INCR n", "FOO", "SELECT 1", "GET a b", "EVAL return(1) 0", "MULTI",
      "EXEC",
      "PING", "CLIENT SETNAME n", "CLIENT GETNAME", "DISCARD", "WATCH k",
    ]
    for _ in 0..<60 {
      try twin.empty()
      var text = ""
      var isQueueing = false
      for _ in 0..<Int.random(in: 1...25, using: &random.generator) {
        let source = random.chance(0.3) && !isQueueing ? modes : lines
        let line = source[Int.random(in: 0..<source.count, using: &random.generator)]
        if line == "MULTI" { isQueueing = true }
        if line == "EXEC" || line == "DISCARD" { isQueueing = false }
        text += line + "\r\n"
      }
      let client = try twin.connect()
      try client.send(Array(text.utf8))
      client.plain.finish()
      client.proxied.finish()
      let expected = try client.plain.rest()
      #expect(shown(try client.proxied.rest()) == shown(expected), "\(text)")
    }
  }

  @Test func `clients that vanish leave nothing behind`() throws {
    let stack = try Stack()
    for line in [
      "GET k", "INCR n", "BLPOP q 0", "SUBSCRIBE a", "MULTI", "WATCH k", "MONITOR",
      "CLIENT TRACKING ON BCAST", "SELECT 9", "EVAL return(1) 0",
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900000\r\n",
    ] {
      for _ in 0..<5 {
        let client = try stack.connect()
        try client.send(bytes: Array("\(line)\r\nGET k\r\nINCR n\r\n".utf8))
      }
    }
    try stack.expectIdle()
    try poll("no client of theirs at Redis") {
      let details = try stack.server.query("INFO", "clients").text ?? ""
      return details.contains("blocked_clients:0\r\n")
    }
    #expect(try stack.connect().query("PING") == .simple("PONG"))
  }
}
