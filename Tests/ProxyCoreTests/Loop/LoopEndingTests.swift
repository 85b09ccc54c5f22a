import Glibc
import Testing

@testable import ProxyCore

/// How loops let go of what they have, when there is time for it.
@Suite struct LoopEndingTests {
  @Test func `who has come before the end is taken in, and nobody after it`() throws {
    // An address that no other test has: one of them could be given the port once it is free.
    let own = try #require(SocketAddress(numeric: "127.7.0.1", port: 0))
    let fixture = try LoopFixture(on: own) { _ in ScriptedHandler() }
    // More than in one turn; the kernel has completed their connections.
    let count = Limits.acceptsPerTurnMax + 6
    let peers = try (0..<count).map { _ in try TestPeer(to: fixture.address) }
    fixture.loop.stopListening()
    #expect(fixture.connections.count == count)
    try peers[count - 1].send("hello")
    fixture.turn { received(fixture) }
    #expect(try peers[count - 1].receiveText(5) == "hello")
    #expect(try outcomeOfConnecting(to: fixture.address)?.code == ECONNREFUSED)
  }

  @Test func `nobody comes in by the copy of the socket that a child has`() throws {
    let own = try #require(SocketAddress(numeric: "127.7.0.2", port: 0))
    let fixture = try LoopFixture(on: own) { _ in ScriptedHandler() }
    // As somebody who forks has it, until its child has become another program.
    var copy = try #require(fixture.listener).descriptor.duplicate()
    defer { copy.close() }
    fixture.loop.stopListening()
    #expect(try outcomeOfConnecting(to: fixture.address)?.code == ECONNREFUSED)
  }

  private func outcomeOfConnecting(to address: SocketAddress) throws -> SystemError? {
    let late = try FileDescriptor.connecting(to: address)
    var wanted = pollfd(fd: late.number, events: Int16(POLLOUT), revents: 0)
    _ = try retryingInterrupts("poll") { unsafe poll(&wanted, 1, -1) }
    return late.pendingError(of: "connect")
  }

  private func received(_ fixture: LoopFixture) -> Bool {
    fixture.connections.contains { ($0.handler as? ScriptedHandler)?.batches.isEmpty == false }
  }

  @Test func `who comes to a socket that another has as well stays for that one`() throws {
    let mine = try FileDescriptor.listening(on: .loopback())
    let address = try #require(try mine.localAddress())
    let copy = try mine.duplicate()
    let loop = try EventLoop()
    var handlers: [ScriptedHandler] = []
    let intake = loop.makeIntake { _ in
      handlers.append(ScriptedHandler())
      return handlers.last
    }
    let listener = try loop.listen(
      on: .loopback(), inherited: copy.relinquish(), dealingTo: [intake])
    #expect(listener.address == address)
    let first = try TestPeer(to: address)
    while handlers.isEmpty { loop.turn() }
    // Both are asked to end: the client has nothing to come, as its handler does not say so itself.
    #expect(loop.askConnectionsToEnd() == 1)
    let second = try TestPeer(to: address)
    loop.stopListening()
    loop.turn(mayWait: false)
    #expect(handlers.count == 1 && intake.connectionCount == 1)
    #expect(try mine.accept() != nil)
    loop.shutDown()
    #expect(loop.askConnectionsToEnd() == 0)
    withExtendedLifetime((first, second)) {}
  }

  @Test func `what does not listen is refused, and closed`() throws {
    let loop = try EventLoop()
    let address = SocketAddress.loopback()
    let file = unsafe open("/dev/null", O_RDONLY)
    #expect(throws: SystemError.self) {
      try loop.listen(on: address, inherited: file, dealingTo: [])
    }
    let listener = try FileDescriptor.listening(on: address)
    let peer = try TestPeer(to: try #require(try listener.localAddress()))
    let number = dup(peer.descriptor.number)
    #expect(throws: SystemError("listen", code: EOPNOTSUPP)) {
      try loop.listen(on: address, inherited: number, dealingTo: [])
    }
    loop.shutDown()
  }
}
