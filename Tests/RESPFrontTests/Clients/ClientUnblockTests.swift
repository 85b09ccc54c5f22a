import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ClientUnblockTests {
  @Test(arguments: ["2", "3"], ["", "TIMEOUT", "ERROR"])
  func `a blocked client is let go as Redis does it`(_ version: String, _ reason: String) throws {
    let stack = try Stack(loops: 3)
    for words in [
      ["BLPOP", "q", "0"], ["WAIT", "1", "0"], ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"],
    ] {
      var replies: [RESPReply] = []
      for port in [stack.server.port, stack.port] {
        let client = try RESPConnection(port: port)
        _ = try client.query("HELLO", version)
        let id = "\(try client.clientID())"
        let other = try RESPConnection(port: port)
        #expect(try other.query("CLIENT", "UNBLOCK", id) == .integer(0))
        try client.send(words)
        let unblock = ["CLIENT", "UNBLOCK", id] + (reason.isEmpty ? [] : [reason])
        try eventually {
          try other.send(unblock)
          return try other.receive() == .integer(1)
        }
        replies.append(try client.receive())
        #expect(try client.query("PING") == .simple("PONG"))
        #expect(try other.query("CLIENT", "UNBLOCK", id) == .integer(0))
      }
      #expect(replies[0] == replies[1], "\(words)")
    }
  }

  @Test func `invalidations of a client go to the one that it names`() throws {
    let stack = try Stack(loops: 3)
    let reader = try stack.connect()
    let listener = try stack.connect()
    let id = try listener.clientID()
    _ = try listener.query("SUBSCRIBE", "__redis__:invalidate")
    #expect(
      try reader.query("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == .simple("OK"))
    #expect(try reader.query("CLIENT", "GETREDIR") == .integer(id))
    let observer = try stack.connect()
    let line = try observer.clientLines("ID", "\(try reader.clientID())").first
    #expect(line?["redir"] == "\(id)")
    #expect(line?["flags"] == "t")
    _ = try reader.query("GET", "k")
    _ = try observer.query("SET", "k", "v")
    #expect(
      try listener.receive()
        == .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("k")])]))
    #expect(try reader.query("CLIENT", "TRACKING", "OFF") == .simple("OK"))
    #expect(try reader.query("CLIENT", "GETREDIR") == .integer(-1))
  }
}
