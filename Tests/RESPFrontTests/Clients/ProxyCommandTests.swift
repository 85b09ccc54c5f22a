import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ProxyCommandTests {
  @Test func `PROXY is refused as Redis refuses its containers`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    let plain = try stack.server.connect()
    for words in [[], ["FOO"], ["foo\r\nbar"], ["HELP", "a"]] {
      try client.send(["proxy"] + words)
      try plain.send(["memory"] + words)
      let expected = try plain.receive().text?
        .replacingOccurrences(of: "MEMORY", with: "PROXY")
        .replacingOccurrences(of: "memory", with: "proxy")
      #expect(try client.receive().text == expected, "\(words)")
    }
    for words in [["STATS", "a"], ["FLUSH", "a"], ["INVALIDATE"]] {
      try client.send(["PROXY"] + words)
      let name = words[0].lowercased()
      #expect(
        try client.receive()
          == .error("ERR wrong number of arguments for 'proxy|\(name)' command"))
    }
    guard case .array(let help?) = try client.query("PROXY", "HELP"),
      case .array(let other?) = try plain.query("MEMORY", "HELP")
    else {
      Issue.record("no help")
      return
    }
    #expect(help.last == other.last)
    #expect(
      help.first?.text == other.first?.text?.replacingOccurrences(of: "MEMORY", with: "PROXY"))
    // Redis does not know it, so that it cannot be queued.
    _ = try client.query("MULTI")
    #expect(try client.query("PROXY", "FLUSH").text?.hasPrefix("ERR unknown command") == true)
    _ = try client.query("DISCARD")
  }

  @Test(arguments: ["2", "3"]) func `what is cached can be forgotten`(_ version: String) throws {
    let stack = try Stack()
    let client = try stack.connect()
    _ = try client.query("HELLO", version)
    func entries() throws -> Int { Int(try client.figures()["proxy_cache_entries"] ?? "") ?? -1 }
    for key in ["a", "b", "c"] {
      _ = try client.query("SET", key, "v")
      _ = try client.query("GET", key)
    }
    #expect(try entries() == 3)
    #expect(try client.query("PROXY", "INVALIDATE", "a", "b", "none") == .integer(2))
    #expect(try entries() == 1)
    #expect(try client.query("GET", "a").text == "v")
    #expect(try client.query("PROXY", "FLUSH") == .simple("OK"))
    #expect(try entries() == 0)
    #expect(try client.query("GET", "a").text == "v")
    guard case .array(let stats?) = try client.query("PROXY", "STATS") else {
      Issue.record("no map")
      return
    }
    let names = stride(from: 0, to: stats.count, by: 2).compactMap { stats[$0].text }
    #expect(Set(names) == (try Set(client.figures().keys)))
    #expect(stats[1] == .integer(0))
  }

  static let names = """
    proxy_cache_hits proxy_cache_misses proxy_cache_entries proxy_cache_bytes proxy_cache_evictions
    proxy_cache_expirations proxy_invalidations proxy_flights_joined proxy_coherence
    proxy_redis_connected proxy_clients_http proxy_clients_resp proxy_permits_in_use proxy_waiters
    """

  @Test(arguments: ["2", "3"], [false, true])
  func `INFO is Redis's and the proxy's`(_ version: String, pinned: Bool) throws {
    let stack = try Stack()
    let client = try stack.connect()
    _ = try client.query("HELLO", version)
    if pinned { _ = try client.query("WATCH", "k") }
    func headings(_ words: [String], _ connection: RESPConnection) throws -> [Substring] {
      try connection.send(["INFO"] + words)
      let text = try #require(try connection.receive().plainText)
      #expect(!text.contains("\r\n\r\n\r\n"))
      return text.split(separator: "\r\n").filter { $0.hasPrefix("# ") }
    }
    let plain = try stack.server.connect()
    for words in [
      [], ["all"], ["EVERYTHING"], ["default"], ["server", "Proxy"], ["clients", "all"],
    ] {
      let others = words.filter { $0 != "Proxy" }
      #expect(
        try headings(words, client) == (try headings(others, plain)) + ["# Proxy"], "\(words)")
    }
    for words in [["server"], ["nothing"], ["server", "clients"]] {
      #expect(try headings(words, client) == (try headings(words, plain)), "\(words)")
    }
    #expect(try headings(["proxy", "PROXY"], client) == ["# Proxy"])
    #expect(try headings(["nothing", "proxy"], client) == ["# Proxy"])
    let figures = try client.figures()
    for name in Self.names.split(whereSeparator: \.isWhitespace) {
      #expect(figures[String(name)] != nil, "\(name)")
    }
    #expect(figures["proxy_coherence"] == "tracking")
    #expect(figures["proxy_redis_connected"] == "1")
    // In its place, and with the type that Redis gives it.
    try client.send(bytes: multibulk("INFO", "proxy") + multibulk("INFO") + multibulk("PING"))
    #expect(try client.receive().plainText?.hasPrefix("# Proxy\r\n") == true)
    #expect(try client.receive().plainText?.hasPrefix("# Server\r\n") == true)
    #expect(try client.receive() == .simple("PONG"))
  }

  @Test func `INFO has the type of Redis's own`() throws {
    let stack = try Stack(loops: 1)
    for (version, start) in [("2", "$"), ("3", "=")] {
      for words in [["INFO", "proxy"], ["INFO"], ["CLIENT", "LIST"], ["CLIENT", "INFO"]] {
        let socket = try Loopback.connect(port: stack.port)
        defer { close(socket) }
        try Loopback.send(multibulk("HELLO", version), to: socket)
        _ = try Loopback.receive(from: socket)
        try Loopback.send(multibulk(words.map { Array($0.utf8) }), to: socket)
        let reply = shown(try Loopback.receive(from: socket))
        #expect(reply.hasPrefix(start), "\(words)")
        #expect(reply.contains("␍txt:") == (version == "3"), "\(words)")
      }
    }
  }

  @Test func `the proxy tells about itself while Redis is away`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    _ = try client.query("SET", "k", "v")
    _ = try client.query("GET", "k")
    _ = try client.query("GET", "k")
    stack.server.pause()
    #expect(try client.figures()["proxy_cache_hits"] == "1")
    #expect(try client.clientLines().count == 1)
    stack.server.resume()
    stack.server.stop()
    try eventually { try client.figures()["proxy_redis_connected"] == "0" }
    #expect(try client.query("PROXY", "FLUSH") == .simple("OK"))
    try stack.server.restart()
    try eventually { try client.query("PING") == .simple("PONG") }
    #expect(try client.figures()["proxy_redis_connected"] == "1")
  }
}
