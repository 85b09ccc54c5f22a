import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Clients that have not said who they are, where Redis wants to know.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct StrangerTests {
  static let managing: [[String]] = [
    ["CLIENT", "LIST"], ["CLIENT", "KILL", "TYPE", "normal"], ["CLIENT", "UNBLOCK", "1"],
    ["PROXY", "FLUSH"], ["PROXY", "SLOWLOG", "GET"], ["PROXY", "HOTKEYS"], ["PROXY", "STATS"],
    ["PROXY", "INVALIDATE", "k"], ["INFO", "proxy"], ["INFO"], ["INFO", "everything"],
  ]

  @Test(arguments: [false, true])
  func `who gave no password learns nothing of others and does nothing to them`(
    _ somebodyIsIn: Bool
  ) throws {
    let twin = try Twin(password: "secret")
    let (stranger, known) = (try twin.stack.connect(), try twin.stack.connect())
    if somebodyIsIn {
      #expect(try known.query("AUTH", "secret") == .simple("OK"))
      #expect(try known.query("SET", "k", "v") == .simple("OK"))
    }
    for words in Self.managing {
      let reply = try stranger.ask(words)
      #expect(reply == .error("NOAUTH Authentication required."), "\(words)")
    }
    #expect(try stranger.query("AUTH", "secret") == .simple("OK"))
    if case .error(let error) = try stranger.query("CLIENT", "LIST") { Issue.record("\(error)") }
    if somebodyIsIn { #expect(try known.query("GET", "k").text == "v") }
  }

  @Test func `what would keep something at Redis is refused, and the client stays`() throws {
    let twin = try Twin(password: "secret")
    let client = try twin.connect()
    for line in [
      "WATCH k", "MULTI", "SET k v", "GET k", "DISCARD", "SUBSCRIBE a", "PSUBSCRIBE a*",
      "BLPOP k 0", "MONITOR", "WAIT 0 0", "CLIENT TRACKING ON", "EVAL return(1) 0", "SELECT 1",
      "GET k", "CLIENT LIST", "CLIENT KILL ID 1", "AUTH wrong", "MULTI", "AUTH secret",
      "MULTI", "SET k v", "EXEC", "GET k",
    ] { try client.say(line) }
    let other = try twin.connect()
    // All at once: each is refused for itself.
    try other.send(
      ["MULTI", "SET k w", "WATCH a", "SUBSCRIBE a", "PING"].flatMap { Array("\($0)\r\n".utf8) })
    try other.expectSame(5)
    for line in ["AUTH secret", "GET k"] { try other.say(line) }
  }

  @Test func `what Redis forbids the proxy's own user its clients do not do`() throws {
    let server = try RedisServer()
    let stack = try Stack(server)
    let (client, admin) = (try stack.connect(), try server.connect())
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    let forbidden: [(rule: String, words: [[String]])] = [
      ("client|list", [["CLIENT", "LIST"]]), ("client|kill", [["CLIENT", "KILL", "ID", "99"]]),
      ("client|unblock", [["CLIENT", "UNBLOCK", "99"]]),
      ("slowlog", Self.managing.filter { $0[0] == "PROXY" && $0[1] != "STATS" }),
      ("info", [["PROXY", "STATS"], ["INFO", "proxy"], ["INFO"]]),
    ]
    for (rule, requests) in forbidden {
      _ = try admin.query("ACL", "SETUSER", "default", "-\(rule)")
      for words in requests {
        guard case .error(let text) = try client.ask(words), text.hasPrefix("NOPERM") else {
          Issue.record("\(words) in spite of -\(rule)")
          continue
        }
      }
      _ = try admin.query("ACL", "SETUSER", "default", "+\(rule)")
      for words in requests {
        guard case .error(let text) = try client.ask(words) else { continue }
        #expect(!text.hasPrefix("NOPERM"), "\(words) with +\(rule): \(text)")
      }
    }
  }

  @Test func `while Redis is away, what it said last holds`() throws {
    let server = try RedisServer()
    let stack = try Stack(server)
    let client = try stack.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    _ = try server.query("ACL", "SETUSER", "default", "-slowlog")
    guard case .error = try client.query("PROXY", "FLUSH") else { throw ToolError("not refused") }
    if case .error(let text) = try client.query("CLIENT", "LIST") { Issue.record("\(text)") }
    server.stop()
    while stack.proxy.isConnected { _ = try client.query("PING") }
    let reply = try client.query("PROXY", "FLUSH")
    guard case .error(let text) = reply, text.hasPrefix("NOPERM") else {
      throw ToolError("\(reply)")
    }
    for words in [["CLIENT", "LIST"], ["INFO", "proxy"], ["PROXY", "STATS"]] {
      if case .error(let text) = try client.ask(words) { Issue.record("\(words): \(text)") }
    }
  }

  @Test func `while Redis stands still, too`() throws {
    let server = try RedisServer()
    let stack = try Stack(server)
    let client = try stack.connect()
    _ = try client.query("SET", "k", "v")
    _ = try server.query("ACL", "SETUSER", "default", "-client|list")
    guard case .error = try client.query("CLIENT", "LIST") else { throw ToolError("not refused") }
    server.pause()
    for words in [
      ["PROXY", "STATS"], ["CLIENT", "KILL", "ID", "99"], ["PROXY", "SLOWLOG", "LEN"],
    ] {
      if case .error(let text) = try client.ask(words), !text.hasPrefix("ERR No such client") {
        Issue.record("\(words): \(text)")
      }
    }
    #expect(try client.query("CLIENT", "LIST").text?.hasPrefix("NOPERM") == true)
    server.resume()
    _ = try server.query("ACL", "SETUSER", "default", "+client|list")
    // Once Redis was heard, it is asked again. What was asked first is answered late, and is no answer to this.
    try poll("Redis is asked again") {
      if case .bulk = try client.query("CLIENT", "LIST") { true } else { false }
    }
  }

  @Test func `where CLIENT has another name, it is not there under its own`() throws {
    let server = try RedisServer(arguments: ["--rename-command", "CLIENT", "CUSTOMER"])
    let stack = try Stack(server)
    let client = try stack.connect()
    for words in [["CLIENT", "LIST"], ["CLIENT", "KILL", "ID", "1"], ["CLIENT", "UNBLOCK", "1"]] {
      guard case .error(let text) = try client.ask(words) else {
        Issue.record("\(words) was executed")
        continue
      }
      #expect(text.hasPrefix("ERR unknown command"), "\(text)")
    }
  }
}

extension RESPConnection {
  fileprivate func ask(_ words: [String]) throws -> RESPReply {
    try send(words)
    return try receive()
  }
}
