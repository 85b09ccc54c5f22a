import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// The same shapes as a network sees them: one answer, the end, and nothing of what was hidden
/// behind them is done.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SmugglingSessionTests {
  @Test func `every ambiguous request is answered once, and nothing behind it is read`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "k", "kept")
    let hidden = "\r\n\r\nDELETE /k HTTP/1.1\r\nHost: a\r\n\r\n"
    // A body that is too large for the vectors is not for a server.
    for (input, error) in SmugglingTests.all where error != .bodyTooLarge {
      let client = try stack.connect()
      // Whatever was asked before is answered, and is not part of it.
      try client.send("GET /k HTTP/1.1\r\nHost: a\r\n\r\n" + input + hidden)
      #expect(try client.receive().text == "kept")
      let reply = try client.receive()
      #expect(reply.status == error.status.rawValue, "\(input.debugDescription): \(reply)")
      #expect(reply["Connection"] == "close" && reply.text == error.description + "\n")
      #expect(try client.isAtEnd(), "\(input.debugDescription)")
    }
    #expect(try stack.server.query("GET", "k").text == "kept")
  }

  /// Where the line of the request has been read, and where it has not.
  @Test(arguments: [
    ("HEAD /k HTTP/1.1\r\n\r\n", 400, false), ("HEAD /k HTTP/1.1\r\nHost : a\r\n\r\n", 400, false),
    ("HEAD /k HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413, false),
    ("HEAD /k HTTP/2.1\r\n\r\n", 505, false), ("HEAD\r\n\r\n", 400, true),
    ("GET /k HTTP/1.1\r\n\r\n", 400, true),
  ])
  func `a request for a head is refused without a body`(
    _ input: String, _ status: Int, _ hasBody: Bool
  ) throws {
    let stack = try HTTPStack(loops: 1)
    let client = try stack.connect()
    // Not what the request before was.
    #expect(try client.query("\(hasBody ? "HEAD" : "GET") /absent").status == 404)
    try client.send(input)
    let reply = try client.receive(isHead: !hasBody)
    #expect(reply.status == status && reply.body.isEmpty != hasBody)
    #expect(Int(reply["Content-Length"] ?? "0") ?? 0 > 0)
    #expect(try client.isAtEnd())
  }

  @Test func `short requests for long values do not become gigabytes at once`() async {
    // In a process of its own: its memory is looked at as a whole.
    await #expect(processExitsWith: .success) {
      let stack = try HTTPStack(
        RedisServer(), loops: 1, options: { $0.outputBytesMax = 8 << 20 })
      let client = try stack.connect()
      let value = [UInt8](repeating: 1, count: 1 << 20)
      #expect(try client.query("PUT /k", body: value).status == 204)
      let field = ["Accept: application/json"]
      #expect(try client.query("GET /k", field).body.count > 6 << 20)
      let before = ResidentMemory.peak
      let request = "GET /k HTTP/1.1\r\nHost:a\r\nAccept:application/json\r\n\r\n"
      let batch = Array(String(repeating: request, count: 1_000).utf8)
      // Some six gigabytes, if it were all made.
      try client.send(bytes: batch)
      #expect(throws: ToolError.self) { for _ in 0..<1_000 { _ = try client.receive() } }
      #expect(ResidentMemory.peak - before < 128 << 20)
    }
  }
}
