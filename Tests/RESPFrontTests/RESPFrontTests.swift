import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import RESPFront

@Suite struct RESPFrontTests {
  /// A front on loops of its own, ended with it.
  private final class Fixture {
    let loops: [LoopThread]
    let front: RESPFront

    init(loops count: Int = 2) throws {
      loops = try (0..<count).map { _ in try LoopThread(name: "loop") }
      front = try RESPFront(
        on: .loopback(), loops: loops, greeting: ServerGreeting(version: "7.0.0"))
    }

    deinit {
      for loop in loops { loop.stop() }
      for loop in loops { loop.join() }
    }

    func connect() throws -> RESPConnection { try RESPConnection(port: front.address.port) }
  }

  @Test func `clients are dealt to all loops and have ids of their own`() throws {
    let fixture = try Fixture()
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
    #expect(counts == [5, 5])
  }

  @Test func `replies come before the end of the connection`() throws {
    let fixture = try Fixture()
    let client = try fixture.connect()
    try client.send(bytes: Array("ECHO a\r\n*x\r\n".utf8))
    #expect(try client.receive().text == "a")
    #expect(
      try client.receive() == .error("ERR Protocol error: invalid multibulk length"))
    #expect(throws: ToolError.self) { try client.receive() }
  }

  @Test func `a browser's request ends its connection alone`() throws {
    let fixture = try Fixture()
    let other = try fixture.connect()
    let browser = try fixture.connect()
    try browser.send(bytes: Array("POST / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(throws: ToolError.self) { try browser.receive() }
    #expect(try other.query("PING") == .simple("PONG"))
  }

  @Test func `a port that is taken is an error`() throws {
    let fixture = try Fixture(loops: 1)
    #expect(throws: SystemError.self) {
      try RESPFront(
        on: fixture.front.address, loops: fixture.loops,
        greeting: ServerGreeting(version: "7.0.0"))
    }
  }
}
