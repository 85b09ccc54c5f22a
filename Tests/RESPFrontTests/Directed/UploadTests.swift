import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Large arguments on their way to a Redis that does not get them, or not all of them.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct UploadTests {
  @Test func `an upload that finds no link is skipped, and its client goes on`() throws {
    let stack = try Stack(RedisServer(), loops: 1) { $0.pinnedMax = 1 }
    let (holder, client) = (try stack.connect(), try stack.connect())
    #expect(try holder.query("WATCH", "w") == .simple("OK"))
    #expect(try client.query("SET", "k", "old") == .simple("OK"))

    let large = String(repeating: "*1\r\n$4\r\nPING\r\n", count: 200_000)
    try client.send(
      bytes: RESPConnection.encode(["SET", "k", large]) + RESPConnection.encode(["GET", "k"]))
    #expect(
      try client.receive() == .error("ERR 1 clients have links of their own already: PINNED_MAX"))
    #expect(try client.receive() == .bulk("old"))

    #expect(try holder.query("UNWATCH") == .simple("OK"))
    // The holder's link comes back once it was reset.
    try poll("there is a link again") {
      try client.query("SET", "k", large) == .simple("OK")
    }
    #expect(try client.query("STRLEN", "k") == .integer(large.utf8.count))
  }

  @Test(arguments: [false, true])
  func `a transaction is coherent about what it was sent in pieces`(hasOneKey: Bool) throws {
    let stack = try Stack(loops: 2)
    let (client, other) = (try stack.connect(), try stack.connect())
    let large = String(repeating: "x", count: 33 << 20)
    let write = hasOneKey ? ["SET", "k", large] : ["MSET", "k", "new", "pad", large]
    for _ in 0..<3 {
      _ = try client.query("SET", "k", "old")
      #expect(try client.query("GET", "k") == .bulk("old"))
      #expect(try other.query("GET", "k") == .bulk("old"))
      _ = try client.query("MULTI")
      try client.send(write)
      #expect(try client.receive() == .simple("QUEUED"))
      #expect(try client.query("EXEC") == .array([.simple("OK")]))
      #expect(try client.query("STRLEN", "k") == .integer(hasOneKey ? large.utf8.count : 3))
      for reader in [client, other] {
        let found = try reader.query("GET", "k").text
        #expect(found == (hasOneKey ? large : "new"), "\(found?.prefix(3) ?? "nothing")")
      }
    }
    try stack.expectIdle()
  }

  @Test func `what stops being a request behind a large argument is refused as Redis does`() throws
  {
    let twin = try Twin()
    let large = String(repeating: "x", count: 3_000_000)
    for rest in ["!2\r\nNX\r\n", "$x\r\nNX\r\n", "$-1\r\n", "$99999999999\r\n"] {
      let client = try twin.connect()
      try client.send("SET", "k", "old")
      try client.expectSame()
      try client.send(Array("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$3000000\r\n\(large)\r\n\(rest)".utf8))
      let expected = try client.plain.rest()
      #expect(shown(try client.proxied.rest()) == shown(expected), "\(rest)")
      let other = try twin.connect()
      try other.send("GET", "k")
      try other.expectSame()
    }
  }
}
