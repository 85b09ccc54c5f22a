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

  @Test func `large replies that are pipelined all come, to a client that reads at once`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    let (large, small) = (
      String(repeating: "x", count: 3 << 20), String(repeating: "y", count: 4_000)
    )
    for key in ["a", "b", "c"] { _ = try client.query("SET", key, large) }
    _ = try client.query("SET", "small", small)
    #expect(try client.query("GET", "small").text == small)
    let pipelines: [[[String]]] = [
      [["GET", "a"], ["GET", "b"]], [["GET", "a"], ["GETRANGE", "b", "0", "-1"], ["GET", "c"]],
      [["GET", "a"]] + Array(repeating: ["GET", "small"], count: 600),
      [["GETRANGE", "a", "0", "-1"], ["GET", "b"], ["GET", "c"], ["GET", "a"]],
    ]
    for pipeline in pipelines + pipelines {
      try client.send(bytes: pipeline.flatMap(RESPConnection.encode))
      for words in pipeline {
        let expected = words[1] == "small" ? small.utf8.count : large.utf8.count
        #expect(try client.receive().text?.utf8.count == expected)
      }
    }
    try stack.expectIdle()
  }

  @Test func `an upload whose link ends is told, and its client goes on`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    // A link that is ready waits in the pool.
    _ = try client.query("MULTI")
    _ = try client.query("EXEC")
    stack.server.pause()
    let large = String(repeating: "x", count: 100 << 20)
    let ended = Shared(false)
    let port = stack.port
    let replies = Shared<[RESPReply]>([])
    startThreads(1) { _ in
      defer { ended.change { $0 = true } }
      guard let client = try? RESPConnection(port: port, timeoutSeconds: 120) else { return }
      // All of it is taken before the client listens.
      try? client.send(["SET", "k", large])
      if let reply = try? client.receive() { replies.change { $0.append(reply) } }
      if let reply = try? client.query("CLIENT", "ID") { replies.change { $0.append(reply) } }
    }
    try poll("it waits for its link") {
      stack.loops[0].perform { [proxy = stack.proxy] loop in
        (proxy.worker(on: loop)?.pinnedUnsentMax ?? 0) > Limits.relayedBytesMax
      } ?? false
    }
    stack.server.stop()
    try poll("it has ended") { ended.value }
    guard replies.value.count == 2, case .error = replies.value[0],
      case .integer = replies.value[1]
    else { throw ToolError("\(replies.value)") }
    try stack.server.restart()
    try stack.expectIdle()
  }

  @Test func `an upload waits for a link that is not there yet`() throws {
    let stack = try Stack(loops: 1)
    stack.server.pause()
    let ended = Shared(0)
    let port = stack.port
    startThreads(2) { number in
      defer { ended.change { $0 += 1 } }
      guard let client = try? RESPConnection(port: port, timeoutSeconds: 120) else { return }
      try? client.send(["SET", "k\(number)", String(repeating: "x", count: 60 << 20)])
      _ = try? client.receive()
    }
    var most = 0
    func unsent() -> Int {
      stack.loops[0].perform { [proxy = stack.proxy] in proxy.worker(on: $0)?.pinnedUnsentMax ?? 0 }
        ?? 0
    }
    try poll("much waits") { unsent() > Limits.relayedBytesMax }
    for _ in 0..<200 { most = max(most, unsent()) }
    #expect(most < 4 * Limits.relayedBytesMax, "\(most) bytes wait for a link")
    stack.server.resume()
    try poll("both have ended") { ended.value == 2 }
    let client = try stack.connect()
    for number in 0..<2 { #expect(try client.query("STRLEN", "k\(number)") == .integer(60 << 20)) }
    try stack.expectIdle()
  }
}
