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
}
