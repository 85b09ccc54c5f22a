import Glibc
import Testing

@testable import ProxyCore

@Suite struct LoopOutgoingTests {
  @Test func `an outgoing connection sends what was appended before it arrived`() throws {
    let server = ScriptedHandler()
    let fixture = try LoopFixture { _ in server }
    let client = ScriptedHandler { bytes, connection in
      connection.close()
      return .taken(bytes.byteCount)
    }
    let connection = try fixture.loop.connect(
      to: fixture.address, deadline: .distantFuture, handler: client)
    connection.output.bytes.append("PING")
    fixture.turn { client.closeReason != nil }
    #expect(client.connectedCount == 1 && server.batches == [4])
  }

  @Test func `a greeting that comes with the arrival is read`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let listener = try FileDescriptor.listening(on: .loopback())
    let address = try #require(try listener.localAddress())
    let client = ScriptedHandler()
    try loop.connect(to: address, deadline: .distantFuture, handler: client)
    var arrived = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
    _ = try retryingInterrupts("poll") { unsafe poll(&arrived, 1, -1) }
    let (number, _) = try #require(try listener.accept())
    let server = FileDescriptor(owning: number)
    #expect(try server.send(.holding(Array("hello".utf8)[...])) == 5)
    while client.batches.isEmpty { loop.turn() }
    #expect(client.connectedCount == 1 && client.batches == [5])
  }

  @Test func `a refused connection says so`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let listener = try loop.listen(on: .loopback()) { _, _ in }
    let address = try #require(listener.address)
    listener.close()
    let client = ScriptedHandler()
    try loop.connect(to: address, deadline: .distantFuture, handler: client)
    while client.closeReason == nil { loop.turn() }
    #expect(client.closeReason == .connectFailed(SystemError("connect", code: ECONNREFUSED)))
    #expect(client.connectedCount == 0)
  }

  @Test func `a connection that does not arrive by its deadline is given up`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    // A listener with a full queue lets connections wait: the kernel drops what comes next.
    let listener = try FileDescriptor.listening(on: .loopback())
    _ = listen(listener.number, 0)
    let address = try #require(try listener.localAddress())
    let first = try TestPeer(to: address)
    let second = ScriptedHandler()
    try loop.connect(
      to: address, deadline: loop.now.advanced(by: .milliseconds(20)), handler: second)
    while second.closeReason == nil { loop.turn() }
    #expect(second.closeReason == .connectTimedOut)
    _ = first
  }

  @Test func `what waits for an arrival is bounded too`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let listener = try FileDescriptor.listening(on: .loopback())
    _ = listen(listener.number, 0)
    let address = try #require(try listener.localAddress())
    let first = try TestPeer(to: address)
    let client = ScriptedHandler()
    let connection = try loop.connect(to: address, deadline: .distantFuture, handler: client)
    connection.outputBytesMax = 4
    connection.output.bytes.append("12345")
    while client.closeReason == nil { loop.turn() }
    #expect(client.closeReason == .outputLimit)
    _ = first
  }
}
