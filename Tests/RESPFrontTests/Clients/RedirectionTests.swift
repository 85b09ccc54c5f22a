import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// `CLIENT TRACKING … REDIRECT`, beside a plain server: ids are other ones on each side, and are called
/// T and R here.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RedirectionTests {
  /// A client that has its invalidations sent to another one, on one server.
  private struct Trio {
    let reader: FrameConnection
    let target: FrameConnection
    let writer: FrameConnection
    let ids: [(name: String, id: String)]

    init(port: UInt16, target version: String, reader readerVersion: String) throws {
      reader = try FrameConnection(port: port)
      target = try FrameConnection(port: port)
      writer = try FrameConnection(port: port)
      _ = try target.query("HELLO", version)
      _ = try reader.query("HELLO", readerVersion)
      func id(_ client: FrameConnection) throws -> String {
        String(decoding: try client.query("CLIENT", "ID").dropFirst().dropLast(2), as: UTF8.self)
      }
      ids = [("T", try id(target)), ("R", try id(reader))]
    }

    /// What happens when `line` is said: by whom stands before it.
    func play(_ line: String, mark: Int) throws -> String {
      let words = line.dropFirst(2).split(separator: " ").map { word in
        Array((ids.first { $0.name == word }?.id ?? String(word)).utf8)
      }
      if line.hasPrefix("w ") {
        try writer.send(multibulk(words))
        _ = try writer.frame()
        return try heard(mark)
      }
      let client = line.hasPrefix("t ") ? target : reader
      try client.send(multibulk(words))
      if line.contains("MULTI") || line.contains("QUEUE") { return shown(try client.frame()) }
      return try heard(mark)
    }

    /// What both have heard by now: an invalidation has left Redis before what it answers afterwards.
    private func heard(_ mark: Int) throws -> String {
      var text = ""
      for client in [reader, target] {
        try client.send(multibulk("PING", "mark \(mark)"))
        text += shown(try client.bytes(until: "mark \(mark)\r\n")) + " | "
      }
      for (name, id) in ids { text = text.replacing(":\(id)␍", with: ":\(name)␍") }
      return text
    }
  }

  static let story = [
    "w SET k 1", "r CLIENT TRACKING ON REDIRECT T", "r CLIENT TRACKINGINFO", "r CLIENT GETREDIR",
    "r GET k", "w SET k 2", "t GET k", "t SELECT 1", "t GET k", "t SELECT 0", "t SUBSCRIBE x",
    "r GET k", "w SET k 3", "t UNSUBSCRIBE x", "t RESET", "t CLIENT GETNAME", "t GET k", "r GET k",
    "w SET k 3", "t SUBSCRIBE x", "r GET k", "w SET k 4", "t RESET", "t GET k",
    "r CLIENT TRACKING ON REDIRECT R", "r CLIENT GETREDIR", "r GET k", "w SET k 5",
    "r CLIENT TRACKING OFF", "r CLIENT GETREDIR", "r CLIENT TRACKINGINFO",
    "r CLIENT TRACKING ON REDIRECT 99999999", "r CLIENT TRACKING ON REDIRECT -1",
    "r CLIENT TRACKING ON REDIRECT 0", "r CLIENT TRACKING ON REDIRECT 99999999 FOO",
    "r CLIENT TRACKING ON BCAST REDIRECT T PREFIX b", "w SET b1 1", "r CLIENT TRACKINGINFO",
    "r CLIENT TRACKING ON REDIRECT T", "r CLIENT TRACKING OFF", "r CLIENT TRACKING ON REDIRECT T",
    "r RESET", "r CLIENT TRACKINGINFO", "r GET k", "w SET k 6",
  ]

  @Test(arguments: ["2", "3"], ["2", "3"])
  func `invalidations go to whoever is named, subscribed or not`(
    _ target: String, _ reader: String
  ) throws {
    let twin = try Twin(loops: 3)
    // So that no id looks like another number.
    for _ in 0..<20 { _ = try twin.connect() }
    let sides = try [twin.plain.port, twin.stack.port].map {
      try Trio(port: $0, target: target, reader: reader)
    }
    for (mark, line) in Self.story.enumerated() {
      let found = try sides.map { try $0.play(line, mark: mark) }
      #expect(found[1] == found[0], "\(line)")
    }
  }

  @Test func `a transaction may name a client`() throws {
    let twin = try Twin()
    let sides = try [twin.plain.port, twin.stack.port].map {
      try Trio(port: $0, target: "3", reader: "2")
    }
    let queue = [
      "MULTI", "CLIENT TRACKING ON REDIRECT T", "CLIENT TRACKING ON REDIRECT 99999999", "GET k",
    ]
    for (mark, words) in queue.enumerated() {
      let line = mark == 0 ? "r MULTI" : "r \(words)"
      let found = try sides.map { side in
        // Each is answered with one line.
        let text = line.dropFirst(2).split(separator: " ").map { word in
          Array((side.ids.first { $0.name == word }?.id ?? String(word)).utf8)
        }
        try side.reader.send(multibulk(text))
        return shown(try side.reader.frame())
      }
      #expect(found[1] == found[0], "\(words)")
    }
    for (mark, line) in ["r EXEC", "r CLIENT GETREDIR", "r GET k", "w SET k 1"].enumerated() {
      let found = try sides.map { try $0.play(line, mark: 100 + mark) }
      #expect(found[1] == found[0], "\(line)")
    }
  }

  @Test func `a target that resets itself is at Redis what the proxy's links are`() throws {
    let server = try RedisServer()
    try server.query("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all")
    let stack = try Stack(server) {
      $0.url.username = "ann"
      $0.url.password = "secret"
      $0.url.database = 5
    }
    let (reader, target) = (try stack.connect(), try stack.connect())
    guard case .integer(let id) = try target.query("CLIENT", "ID") else {
      throw ToolError("no number of a client")
    }
    #expect(try reader.query("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == .simple("OK"))
    #expect(try target.query("RESET") == .simple("RESET"))
    // A transaction goes over the client's own link.
    _ = try target.query("MULTI")
    _ = try target.query("ACL", "WHOAMI")
    _ = try target.query("SET", "k", "v")
    #expect(try target.query("EXEC") == .array([.bulk("ann"), .simple("OK")]))
    #expect(try reader.query("GET", "k") == .bulk("v"))
    // Redis goes on sending there what the other one has read.
    _ = try target.query("SUBSCRIBE", "__redis__:invalidate")
    #expect(try stack.connect().query("SET", "k", "w") == .simple("OK"))
    #expect(
      try target.receive()
        == .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("k")])]))
  }

  @Test(arguments: ["2", "3"]) func `who has named a client that is gone learns it`(
    _ version: String
  ) throws {
    let twin = try Twin()
    var said: [[String]] = []
    for port in [twin.plain.port, twin.stack.port] {
      let (reader, writer) = (try FrameConnection(port: port), try FrameConnection(port: port))
      _ = try reader.query("HELLO", version)
      let id: String
      do {
        let target = try FrameConnection(port: port)
        id = String(
          decoding: try target.query("CLIENT", "ID").dropFirst().dropLast(2), as: UTF8.self)
        #expect(shown(try reader.query("CLIENT", "TRACKING", "ON", "REDIRECT", id)) == "+OK␍")
        _ = try reader.query("GET", "k")
      }
      var lines: [String] = []
      func note(_ bytes: [UInt8]) { lines.append(shown(bytes).replacing(":\(id)␍", with: ":T␍")) }
      // It has gone once nobody finds it any more.
      try poll("it is gone") {
        let found = try writer.query("CLIENT", "LIST", "ID", id)
        return shown(found).hasPrefix("$0")
      }
      try poll("Redis knows it") {
        _ = try writer.query("SET", "k", "1")
        try reader.send(multibulk("CLIENT", "TRACKINGINFO"))
        try reader.send(multibulk("PING", "mark"))
        let text = try reader.bytes(until: "mark\r\n")
        guard shown(text).contains("broken_redirect") else {
          _ = try reader.query("GET", "k")
          return false
        }
        note(text)
        return true
      }
      note(try reader.query("CLIENT", "GETREDIR"))
      _ = try reader.query("RESET")
      note(try reader.query("CLIENT", "TRACKINGINFO"))
      said.append(lines)
    }
    #expect(said[1] == said[0])
    if version == "3" { #expect(said[1][0].contains("tracking-redir-broken␍:T␍")) }
  }

  @Test func `a named client gives its link back when nobody names it any more`() throws {
    let stack = try Stack(loops: 2)
    let target = try stack.connect()
    let id = try target.clientID()
    for _ in 0..<3 {
      let reader = try stack.connect()
      #expect(try reader.query("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == .simple("OK"))
      let line = try target.clientLines("ID", "\(try reader.clientID())").first
      #expect(line?["redir"] == "\(id)" && line?["flags"] == "t")
      let links = try #require(try stack.server.query("CLIENT", "LIST").text)
      let lines = links.split(separator: "\n").map { ClientLine($0) }
      let number = try #require(lines.first { $0["redir"] != "-1" })["redir"]
      _ = try target.query("SET", "k", "v")
      #expect(try target.query("GET", "k").text == "v")
      #expect(try reader.query("CLIENT", "TRACKING", "OFF") == .simple("OK"))
      #expect(try reader.query("RESET") == .simple("RESET"))
      try stack.expectIdle()
      try poll("the link that was named is nobody else's") {
        let links = try stack.server.query("CLIENT", "LIST").text ?? ""
        return !links.contains("id=\(number) ")
      }
    }
  }

  @Test func `two may name each other, and one that is busy`() throws {
    let stack = try Stack(loops: 2)
    let (first, second) = (try stack.connect(), try stack.connect())
    let ids = (try first.clientID(), try second.clientID())
    for _ in 0..<20 {
      try first.send(["CLIENT", "TRACKING", "ON", "REDIRECT", "\(ids.1)"])
      try second.send(["CLIENT", "TRACKING", "ON", "REDIRECT", "\(ids.0)"])
      #expect(try first.receive() == .simple("OK"))
      #expect(try second.receive() == .simple("OK"))
      for client in [first, second] { #expect(try client.query("RESET") == .simple("RESET")) }
    }
    let pipeline = Array(repeating: RESPConnection.encode(["INCR", "n"]), count: 5_000).flatMap(
      \.self)
    for _ in 0..<4 {
      _ = try second.query("SET", "n", "0")
      try second.send(bytes: pipeline)
      #expect(try first.query("CLIENT", "TRACKING", "ON", "REDIRECT", "\(ids.1)") == .simple("OK"))
      for number in 1...5_000 { #expect(try second.receive() == .integer(number)) }
      _ = try first.query("CLIENT", "TRACKING", "OFF")
    }
    _ = try first.query("RESET")
    try stack.expectIdle()
  }
}
