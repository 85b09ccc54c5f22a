import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ClientListTests {
  @Test func `INFO counts Redis's clients, and in its own section those of the list`() throws {
    let stack = try Stack(loops: 2)
    let clients = try (0..<5).map { _ in try stack.connect() }
    for client in clients { _ = try client.query("GET", "k") }
    let text = try #require(try clients[0].query("INFO").plainText)
    let lines = text.split(separator: "\r\n").map(String.init)
    #expect(lines.contains("proxy_clients_resp:\(try clients[0].clientLines().count)"))
    // Who asks Redis itself is one more; links may still come.
    try poll("INFO says what Redis says") {
      let there = try stack.server.query("INFO", "clients").text ?? ""
      let here = try clients[0].query("INFO", "clients").text ?? ""
      guard let there = Self.connected(there), let here = Self.connected(here) else { return false }
      return here == there - 1
    }
  }

  private static func connected(_ text: String) -> Int? {
    text.firstMatch(of: /connected_clients:([0-9]+)/).flatMap { Int($0.output.1) }
  }

  /// What clients do before they are looked at; the last reply of some never comes.
  static let lives: [[[String]]] = [
    [["PING"]], [["CLIENT", "SETNAME", "me"]], [["SELECT", "3"], ["GET", "a"]], [["HELLO", "3"]],
    [["SUBSCRIBE", "a", "b"]], [["PSUBSCRIBE", "a*"]], [["SSUBSCRIBE", "a"]],
    [["HELLO", "3"], ["SUBSCRIBE", "a"], ["PING"]],
    [["MULTI"]], [["MULTI"], ["SET", "a", "1"], ["GET", "a"]], [["MULTI"], ["EXEC"]],
    [["CLIENT", "NO-EVICT", "ON"]], [["MONITOR"]], [["BLPOP", "nothing", "0"]],
    [["HELLO", "3"], ["CLIENT", "TRACKING", "ON"]],
    [["HELLO", "3"], ["CLIENT", "TRACKING", "ON"], ["CLIENT", "TRACKING", "OFF"]],
    [["CLIENT", "SETNAME", "me"], ["RESET"]], [["UNKNOWN"]], [["CLIENT", "ID"]], [["QUIT", "x"]],
    [["XREAD", "BLOCK", "0", "STREAMS", "nothing", "$"]],
  ]

  @Test(arguments: lives)
  func `a client is shown as Redis shows it`(_ life: [[String]]) throws {
    let stack = try Stack()
    func live(on port: UInt16) throws -> (RESPConnection, Int) {
      let client = try RESPConnection(port: port)
      let id = try client.clientID()
      for words in life { try client.send(words) }
      return (client, id)
    }
    let (ownClient, own) = try live(on: stack.port)
    let (plainClient, plain) = try live(on: stack.server.port)
    let observer = try stack.connect()
    let other = try stack.server.connect()
    var shown: (own: String, plain: String) = ("", "")
    try? eventually {
      shown.own = try observer.clientLines("ID", "\(own)").first?.essence ?? ""
      shown.plain = try other.clientLines("ID", "\(plain)").first?.essence ?? ""
      return shown.own == shown.plain
    }
    #expect(shown.own == shown.plain, "\(life)")
    withExtendedLifetime((ownClient, plainClient)) {}
  }

  @Test func `a line has the fields of Redis, in its order, and true ones where there are any`()
    throws
  {
    let stack = try Stack()
    let client = try stack.connect()
    let line = try #require(try client.clientLines().first)
    let plain = try #require(try stack.server.connect().clientLines().last)
    #expect(line.fields.map(\.name) == plain.fields.map(\.name))
    #expect(line["id"] == "\(try client.clientID())")
    #expect(line["laddr"] == "127.0.0.1:\(stack.port)")
    #expect(line["addr"].hasPrefix("127.0.0.1:"))
    #expect(line["cmd"] == "client|list")
    for name in ["fd", "age", "idle", "qbuf", "qbuf-free", "oll", "omem", "tot-mem"] {
      #expect(Int(line[name]) ?? -1 >= 0, "\(name)")
    }
    let own = try #require(try client.query("CLIENT", "INFO").text)
    #expect(own.hasSuffix("\n"))
    #expect(own.hasPrefix("id=\(line["id"]) addr=\(line["addr"]) laddr=\(line["laddr"]) fd="))
    // A hit shows like any other command.
    _ = try client.query("SET", "k", "v")
    _ = try client.query("GET", "k")
    _ = try client.query("GET", "k")
    let observer = try stack.connect()
    #expect(try observer.clientLines("ID", line["id"]).first?["cmd"] == "get")
  }

  static let lines: [[String]] = [
    ["LIST", "a"], ["LIST", "TYPE"], ["LIST", "TYPE", "foo"], ["LIST", "TYPE", "a\r\nb"],
    ["LIST", "TYPE", "normal", "x"], ["LIST", "TYPE", "master"], ["LIST", "TYPE", "replica"],
    ["LIST", "TYPE", "pubsub"], ["LIST", "ID"], ["LIST", "ID", "x"], ["LIST", "ID", "9999999"],
    ["LIST", "ID", "1", "01"], ["LIST", "ID", "-5"], ["INFO", "a"], ["KILL"], ["KILL", "a"],
    ["KILL", "1.2.3.4:5"], ["KILL", "ID"], ["KILL", "ID", "x"], ["KILL", "ID", "0"],
    ["KILL", "ID", "-1"], ["KILL", "ID", "9999999"], ["KILL", "ID", "9999999", "TYPE"],
    ["KILL", "TYPE", "foo"], ["KILL", "TYPE", "master"], ["KILL", "USER", "nobody"],
    ["KILL", "USER", "no\nbody"], ["KILL", "USER", "default", "ID", "9999999"],
    ["KILL", "SKIPME", "maybe"], ["KILL", "SKIPME"], ["KILL", "FOO", "bar"],
    ["KILL", "ADDR", "x", "LADDR", "y"], ["KILL", "ADDR", "127.0.0.1:0"],
    ["KILL", "skipme", "YES", "id", "9999999"], ["UNBLOCK"], ["UNBLOCK", "x"],
    ["UNBLOCK", "1", "foo"], ["UNBLOCK", "x", "foo"], ["UNBLOCK", "9999999", "error"],
    ["UNBLOCK", "9999999", "TIMEOUT"], ["unblock", "1", "error", "a"], ["GETREDIR"],
    ["GETREDIR", "a"], ["TRACKINGINFO"], ["TRACKINGINFO", "a"],
    ["TRACKING", "ON", "REDIRECT", "9999999"], ["TRACKING", "ON", "REDIRECT", "x"],
    ["TRACKING", "ON", "REDIRECT"], ["TRACKING", "ON"], ["TRACKING", "OFF"], ["FOO"],
  ]

  @Test(arguments: ["2", "3"])
  func `each request is answered and refused as Redis does it`(_ version: String) throws {
    let stack = try Stack()
    let client = try stack.connect()
    let plain = try stack.server.connect()
    for connection in [client, plain] { _ = try connection.query("HELLO", version) }
    for words in Self.lines {
      for connection in [client, plain] { try connection.send(["CLIENT"] + words) }
      var (own, expected) = (try client.receive(), try plain.receive())
      #expect(own == expected, "\(words)")
      for connection in [client, plain] { try connection.send(["CLIENT", "GETREDIR"]) }
      (own, expected) = (try client.receive(), try plain.receive())
      #expect(own == expected, "GETREDIR after \(words)")
    }
  }

  @Test func `ids are listed in the order and as often as asked for`() throws {
    let stack = try Stack()
    let clients = try (0..<5).map { _ in try stack.connect() }
    let ids = try clients.map { "\(try $0.clientID())" }
    let asked = [ids[3], ids[0], "9999999", ids[3], ids[4]]
    try clients[1].send(["CLIENT", "LIST", "ID"] + asked)
    let text = try #require(try clients[1].receive().text)
    let found = text.split(separator: "\n").map { ClientLine($0)["id"] }
    #expect(found == [ids[3], ids[0], ids[3], ids[4]])
    let all = try clients[1].clientLines().compactMap { Int($0["id"]) }
    #expect(all == ids.compactMap { Int($0) }.sorted())
  }

  @Test func `a list keeps its place in a pipeline`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    for words in [
      ["SET", "a", "1"], ["CLIENT", "LIST"], ["GET", "a"], ["CLIENT", "INFO"], ["PING"],
    ] {
      try client.send(words)
    }
    #expect(try client.receive() == .simple("OK"))
    #expect(try client.receive().text?.hasPrefix("id=") == true)
    #expect(try client.receive().text == "1")
    #expect(try client.receive().text?.hasPrefix("id=") == true)
    #expect(try client.receive() == .simple("PONG"))
    _ = try client.query("CLIENT", "REPLY", "SKIP", "x")
    try client.send(["CLIENT", "REPLY", "SKIP"])
    try client.send(["CLIENT", "LIST"])
    #expect(try client.query("PING") == .simple("PONG"))
  }

  @Test func `who has rights of its own is asked about by Redis's rules`() throws {
    let stack = try Stack()
    try stack.server.query("ACL", "SETUSER", "bob", "on", ">pw", "~*", "+@all", "-@admin")
    let plain = try stack.server.connect()
    let client = try stack.connect()
    for connection in [client, plain] { _ = try connection.query("AUTH", "bob", "pw") }
    for words in [["LIST"], ["KILL", "ID", "9999999"], ["UNBLOCK", "9999999"], ["INFO"]] {
      for connection in [client, plain] { try connection.send(["CLIENT"] + words) }
      let (own, expected) = (try client.receive(), try plain.receive())
      if words != ["INFO"] { #expect(own == expected, "\(words)") }
    }
    #expect(
      try client.query("PROXY", "FLUSH")
        == .error("NOPERM this user has no permissions to run the 'proxy|flush' command"))
    let admin = try stack.connect()
    let id = "\(try client.clientID())"
    #expect(try admin.clientLines("ID", id).first?["user"] == "bob")
    #expect(try admin.query("CLIENT", "KILL", "USER", "bob") == .integer(1))
    #expect(client.isAtEnd)
  }
}
