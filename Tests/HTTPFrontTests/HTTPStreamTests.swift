import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPStreamTests {
  @Test func `a value of 200 MB passes both ways without being held`() async {
    // In a process of its own: its memory is looked at as a whole.
    await #expect(processExitsWith: .success) {
      let stack = try HTTPStack(RedisServer(), loops: 1)
      let size = 200 << 20
      let piece = [UInt8](repeating: 120, count: 1 << 20)
      let client = try stack.connect()
      // What every process takes once.
      #expect(try client.query("PUT /warm", body: piece + piece).status == 204)
      #expect(try client.query("GET /warm").body.count == 2 << 20)
      let before = ResidentMemory.peak
      try client.send("PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
      for _ in 0..<200 { try client.send(bytes: piece) }
      #expect(try client.receive().status == 204)
      #expect(try stack.server.query("STRLEN", "big") == .integer(size))
      for _ in 0..<2 {
        let head = try client.query("HEAD /big")
        #expect(head.status == 200 && head["Content-Length"] == "\(size)")
        try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        let reply = try client.receiveHead()
        #expect(reply.status == 200 && reply["ETag"] == nil)
        #expect(reply["Content-Length"] == "\(size)")
        // Not read for a while, so that it would pile up somewhere if it could.
        usleep(200_000)
        try client.skip(size)
      }
      #expect(try client.query("GET /absent").status == 404)
      #expect(ResidentMemory.peak - before < 32 << 20)
      #expect(stack.becomesQuiet())
    }
  }

  @Test func `a large value that is not wanted any more frees its link`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SETRANGE", "big", "50000000", "x")
    for _ in 0..<3 {
      do {
        let client = try stack.connect()
        try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receiveHead().status == 200)
      }
      #expect(stack.becomesQuiet())
    }
    let client = try stack.connect()
    #expect(try client.query("GET /big", ["If-None-Match: *"]).status == 304)
    #expect(try client.query("GET /big", ["If-Match: \"0000000000000000\""]).status == 412)
    #expect(try client.query("GET /none").status == 404)
    #expect(stack.becomesQuiet())
  }

  @Test func `a large value that Redis does not finish is cut short, not made up`() throws {
    let server = try RedisServer()
    let relay = try Relay(to: server.port)
    let stack = try HTTPStack(server, through: relay.port)
    _ = try server.query("SETRANGE", "big", "50000000", "x")
    let client = try stack.connect()
    try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.receiveHead().status == 200)
    relay.reset(.toClient)
    #expect(throws: ToolError.self) { try client.skip(50_000_001) }
    #expect(try eventually { try stack.connect().query("GET /none").status == 404 })
  }

  @Test func `a large value that is not sent to its end is not written`() throws {
    let stack = try HTTPStack()
    let other = try stack.connect()
    #expect(try other.query("PUT /k", body: bytes("old")).status == 204)
    do {
      let client = try stack.connect()
      try client.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
      try client.send(bytes: [UInt8](repeating: 120, count: 2_000_000))
    }
    #expect(stack.becomesQuiet())
    #expect(try other.query("GET /k").text == "old")
    #expect(try stack.server.query("GET", "k").text == "old")
  }
}

/// The most memory that this process has had at once.
enum ResidentMemory {
  static var peak: Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1_024
  }
}
