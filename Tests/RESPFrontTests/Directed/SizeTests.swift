import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Much at once: deep pipelines and large arguments.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SizeTests {
  @Test(arguments: ["GET k\r\n", "INCR n\r\n", "GET k\r\nINCR n\r\n", "EVAL return(1) 0\r\n"])
  func `a hundred thousand requests may be sent before a reply is read`(_ text: String) throws {
    let twin = try Twin()
    let client = try twin.connect()
    let count = text.hasPrefix("EVAL") ? 20_000 : 100_000
    let bytes = Array(String(repeating: text, count: count).utf8)
    try client.proxied.send(bytes)
    try client.plain.send(bytes)
    client.plain.finish()
    client.proxied.finish()
    let expected = try client.plain.rest()
    #expect(try client.proxied.rest() == expected)
  }

  @Test(arguments: [65_537, 3_000_000]) func `large arguments pass at every place`(
    _ size: Int
  ) throws {
    let twin = try Twin()
    let large = String(repeating: "x", count: size)
    let client = try twin.connect()
    let requests = [
      ["SET", "k", large], ["GET", "k"], ["SET", large, "v"], ["GET", large], ["DEL", large],
      ["MSET", "a", large, "b", "small", "c", large], ["MGET", "a", "b", "c"],
      ["LPUSH", "l", "a", large],
      ["LRANGE", "l", "0", "-1"], ["ECHO", large], ["PING", large], ["APPEND", "k", large],
      ["STRLEN", "k"], [large], ["FOO", large], ["SET", "k", large, "NX"],
      ["SET", "k", large, "FOO"],
      ["EVAL", "return #ARGV[1]", "0", large], ["EVAL", "return 1 --\(large)", "0"],
      ["HSET", "h", large, "v"], ["HGET", "h", large], ["PUBLISH", "a", large],
      ["LPUSH", "k", large],
      ["MULTI"], ["SET", "k", large], ["GET", "k"], ["FOO", large], ["DISCARD"], ["GET", "k"],
      ["MULTI"], ["SET", "k", large], ["GET", "k"], ["EXEC"], ["GET", "k"],
      ["CLIENT", "SETNAME", large],
      ["SELECT", large], ["GET", "k"], ["SUBSCRIBE", large], ["UNSUBSCRIBE", large], ["GET", "k"],
      ["BLPOP", large, "0.001"], ["WATCH", large], ["UNWATCH"], ["AUTH", large], ["GET", "k"],
    ]
    for request in requests {
      try client.send(multibulk(request.map { Array($0.utf8) }))
      let expected = try client.plain.frame()
      let found = try client.proxied.frame()
      let name = request.map { $0.prefix(12) }.joined(separator: " ")
      #expect(
        found == expected,
        "\(name): \(shown(Array(found.prefix(90)))), not \(shown(Array(expected.prefix(90))))")
      if found != expected { return }
    }
  }

  @Test func `a list of clients with long names has a limit`() throws {
    let stack = try Stack(RedisServer(), loops: 2) { _ in
    } options: {
      $0.outputBytesMax = 16 << 20
    }
    let name = String(repeating: "x", count: 1_000_000)
    let clients = try (0..<40).map { _ in try stack.connect() }
    for client in clients { #expect(try client.query("CLIENT", "SETNAME", name) == .simple("OK")) }
    try clients[0].send(["CLIENT", "LIST"])
    #expect(throws: ToolError.self) { try clients[0].receive() }
    #expect(try clients[1].query("CLIENT", "INFO").text?.utf8.count ?? 0 > 1_000_000)
    try eventually { try clients[1].figures()["proxy_clients_output_closed"] == "1" }
  }
}
