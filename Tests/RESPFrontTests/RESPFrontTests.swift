import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import RESPFront

@Suite struct RESPFrontTests {
  @Test func `clients are dealt to all loops and have ids of their own`() throws {
    let fixture = try Stack()
    let clients = try (0..<10).map { _ in try fixture.connect() }
    var ids: Set<Int> = []
    for client in clients {
      #expect(try client.query("PING") == .simple("PONG"))
      if case .integer(let id) = try client.query("CLIENT", "ID") { ids.insert(id) }
    }
    #expect(ids.count == 10)
    let counts = fixture.loops.map { loop in
      loop.remote.counters.connections.load(ordering: .relaxed)
    }
    // And one link to Redis, of the loop whose client was the first to need one.
    #expect(counts.allSatisfy { $0 >= 5 })
  }

  @Test func `replies come before the end of the connection`() throws {
    let fixture = try Stack()
    let client = try fixture.connect()
    try client.send(bytes: Array("ECHO a\r\n*x\r\n".utf8))
    #expect(try client.receive().text == "a")
    #expect(
      try client.receive() == .error("ERR Protocol error: invalid multibulk length"))
    #expect(throws: ToolError.self) { try client.receive() }
  }

  @Test func `a browser's request ends its connection alone`() throws {
    let fixture = try Stack()
    let other = try fixture.connect()
    let browser = try fixture.connect()
    try browser.send(bytes: Array("POST / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(throws: ToolError.self) { try browser.receive() }
    #expect(try other.query("PING") == .simple("PONG"))
  }

  @Test func `a port that is taken is an error`() throws {
    let fixture = try Stack(loops: 1)
    #expect(throws: SystemError.self) {
      try RESPFront(
        on: fixture.front.address, loops: fixture.loops, proxy: fixture.proxy,
        options: RESPOptions(greeting: ServerGreeting(version: "7.0.0")))
    }
  }
}
