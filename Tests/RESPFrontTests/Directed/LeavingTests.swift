import TestSupport
import Testing

@testable import RESPFront

/// What Redis knows of a client that has left, once the client has heard that it has.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct LeavingTests {
  @Test(arguments: ["2", "3"]) func `whoever has left is not published to any more`(
    _ version: String
  ) throws {
    let twin = try Twin(loops: 3)
    let publisher = try twin.connect()
    for (start, ends, publish) in [
      ("SUBSCRIBE a", ["UNSUBSCRIBE a", "UNSUBSCRIBE", "RESET", "QUIT"], "PUBLISH a x"),
      ("PSUBSCRIBE a*", ["PUNSUBSCRIBE a*", "PUNSUBSCRIBE", "RESET", "QUIT"], "PUBLISH ab x"),
      ("SSUBSCRIBE a", ["SUNSUBSCRIBE a", "SUNSUBSCRIBE", "RESET", "QUIT"], "SPUBLISH a x"),
    ] {
      for end in ends {
        for _ in 0..<20 {
          let subscriber = try twin.connect()
          try subscriber.both("HELLO \(version)")
          try subscriber.say(start)
          try publisher.say(publish)
          try subscriber.expectSame()
          try subscriber.say(end)
          try publisher.say(publish)
          if end == "QUIT" { continue }
          try subscriber.say(publish)
          try subscriber.say("GET k")
        }
      }
    }
    try twin.stack.expectIdle()
  }

  @Test func `QUIT and RESET are answered as Redis answers them whatever a client holds`() throws {
    let twin = try Twin()
    for line in [
      "WATCH a", "MULTI", "SUBSCRIBE a", "PSUBSCRIBE a", "CLIENT TRACKING ON BCAST",
      "MULTI\r\nSELECT 3\r\nEXEC", "AUTH nobody x", "SELECT 4", "CLIENT REPLY OFF",
      "MULTI\r\nSUBSCRIBE b c\r\nEXEC", "SUBSCRIBE a\r\nCLIENT REPLY OFF",
    ] {
      for end in ["QUIT\r\nGET a\r\n", "RESET\r\nGET a\r\nQUIT\r\nGET a\r\n", "GET a\r\nQUIT\r\n"] {
        let client = try twin.connect()
        try client.send(Array("\(line)\r\n\(end)".utf8))
        // Redis forgets to hang up where the reply to QUIT is left out.
        client.plain.finish()
        client.proxied.finish()
        try client.expectSameEnd("\(line), \(end)")
      }
    }
    try twin.stack.expectIdle()
  }

  @Test func `who has said QUIT is in no list any more, open as its connection is`()
    throws
  {
    let stack = try Stack()
    let other = try stack.connect()
    for line in [[], ["SUBSCRIBE", "a"]] {
      let client = try stack.connect()
      let id = try client.clientID()
      if !line.isEmpty {
        try client.send(line)
        _ = try client.receive()
      }
      #expect(try client.query("QUIT") == .simple("OK"))
      #expect(try other.clientLines("ID", "\(id)").isEmpty)
      #expect(try other.query("CLIENT", "KILL", "ID", "\(id)") == .integer(0))
      // Not before: it holds the connection.
      #expect(client.isAtEnd)
    }
  }

  enum End: CaseIterable { case quit, quitUnread, killed, closed, reset }

  /// Two have named a client, and some of what it is sent is still unread when it ends.
  @Test(arguments: End.allCases, ["2", "3"]) func `who has named a client that ends is told`(
    _ end: End, _ version: String
  ) throws {
    let twin = try Twin(loops: 3)
    // So that no id looks like another number.
    for _ in 0..<20 { _ = try twin.connect() }
    var said: [[String]] = []
    for (port, server) in [(twin.plain.port, twin.plain), (twin.stack.port, twin.stack.server)] {
      var target: FrameConnection? = try FrameConnection(port: port)
      let writer = try FrameConnection(port: port)
      let readers = try (0..<2).map { _ in try FrameConnection(port: port) }
      _ = try target?.query("HELLO", version)
      let id = try #require(try target?.query("CLIENT", "ID").dropFirst().dropLast(2))
      let name = String(decoding: id, as: UTF8.self)
      for reader in readers {
        _ = try reader.query("HELLO", "3")
        #expect(shown(try reader.query("CLIENT", "TRACKING", "ON", "REDIRECT", name)) == "+OK␍")
      }
      for _ in 0..<50 {
        for reader in readers { _ = try reader.query("GET", "k") }
        _ = try writer.query("SET", "k", "0")
      }
      for reader in readers { _ = try reader.query("GET", "k") }
      let number = try Self.redirection(at: server)
      var lines: [String] = []
      switch end {
      case .quit:
        try target?.send(multibulk("QUIT"))
        lines.append(shown(try target?.rest() ?? []))
      case .quitUnread: try target?.send(multibulk("QUIT"))
      case .reset:
        try target?.send(multibulk("RESET"))
        lines.append(shown(try target?.bytes(until: "+RESET\r\n") ?? []))
      case .killed: lines.append(shown(try writer.query("CLIENT", "KILL", "ID", name)))
      case .closed: target = nil
      }
      if end != .quit && end != .reset {
        try poll("Redis knows that it is gone") {
          try server.query("CLIENT", "LIST", "ID", "\(number)").text == ""
        }
      }
      _ = try writer.query("SET", "k", "1")
      for reader in readers {
        for words in [
          ["CLIENT", "TRACKINGINFO"], ["CLIENT", "GETREDIR"], ["GET", "k"], ["PING", "mark"],
        ] { try reader.send(multibulk(words.map { Array($0.utf8) })) }
        lines.append(shown(try reader.bytes(until: "mark\r\n")))
      }
      _ = try writer.query("SET", "k", "2")
      for reader in readers {
        try reader.send(multibulk("PING", "mark"))
        lines.append(shown(try reader.bytes(until: "mark\r\n")))
        lines.append(shown(try reader.query("CLIENT", "TRACKING", "OFF")))
      }
      said.append(lines.map { $0.replacing(":\(name)␍", with: ":T␍") })
      if end != .reset {
        #expect(lines.contains { $0.contains("tracking-redir-broken") }, "\(lines)")
      }
    }
    #expect(said[1] == said[0])
  }

  /// The number at a server of the client that somebody has named.
  private static func redirection(at server: RedisServer) throws -> Int {
    let list = try #require(try server.query("CLIENT", "LIST").text)
    let numbers = list.matches(of: /redir=([0-9]+)/).compactMap { Int($0.output.1) }
    return try #require(numbers.first { $0 > 0 })
  }
}
