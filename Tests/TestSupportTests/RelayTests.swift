import Glibc
import Testing

@testable import ProxyCore
@testable import TestSupport

@Suite struct RelayTests {
  /// A client and a target with a relay between them, all in the hands of the test.
  final class Line {
    let relay: Relay
    let client: Int32
    let target: Int32
    private let listener: Int32

    init() throws {
      let (listener, port) = try Loopback.listen()
      self.listener = listener
      relay = try Relay(to: port)
      client = try Loopback.connect(port: relay.port)
      target = accept(listener, nil, nil)
      for socket in [client, target] { Loopback.setTimeout(socket, seconds: 30) }
    }

    deinit { for socket in [client, target, listener] { close(socket) } }
  }

  func receive(_ count: Int, from socket: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let arrived = try Loopback.receive(from: socket)
      if arrived.isEmpty { break }
      bytes += arrived
    }
    return bytes
  }

  /// Whether something can be read right now.
  func isReadable(_ socket: Int32) -> Bool {
    var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&polled, 1, 0) > 0
  }

  func random(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  @Test func `bytes arrive as they were sent, both ways, more than is held at once`() throws {
    var generator = SeededGenerator.forTest()
    let line = try Line()
    // A length that no buffer divides, so that a piece out of place shows.
    let block = random(1021, &generator)
    var bytes: [UInt8] = []
    for _ in 0..<3_000 { bytes += block }
    let (client, target) = (line.client, line.target)
    let writer = try BackgroundSend(bytes, to: client)
    #expect(try receive(bytes.count, from: target) == bytes)
    writer.join()
    try Loopback.send([1, 2, 3], to: target)
    #expect(try receive(3, from: client) == [1, 2, 3])
  }

  @Test func `slices come one by one and in order`() throws {
    var generator = SeededGenerator.forTest()
    let line = try Line()
    line.relay.slice(bytes: 7, .toTarget)
    let bytes = random(700, &generator)
    // The order is obeyed before the bytes are read, as both are by one thread in turn: the bell
    // rang first.
    try Loopback.send(bytes, to: line.client)
    var arrived: [UInt8] = []
    var pieces = 0
    while arrived.count < bytes.count {
      arrived += try Loopback.receive(from: line.target)
      pieces += 1
    }
    #expect(arrived == bytes)
    #expect(pieces > 1)
  }

  @Test func `a delay holds bytes back for as long, in one direction`() throws {
    let line = try Line()
    line.relay.delay(.milliseconds(30), .toClient)
    let start = Moment.now
    try Loopback.send([1], to: line.target)
    #expect(try receive(1, from: line.client) == [1])
    #expect(Moment.now.since(start) >= .milliseconds(30))
  }

  @Test func `a stall holds one direction back until it is resumed`() throws {
    let line = try Line()
    line.relay.stall(.toTarget)
    try Loopback.send([1, 2], to: line.client)
    // The other way still goes: what comes back was sent after, and is there first.
    try Loopback.send([3], to: line.target)
    #expect(try receive(1, from: line.client) == [3])
    #expect(!isReadable(line.target))
    line.relay.resume(.toTarget)
    #expect(try receive(2, from: line.target) == [1, 2])
  }

  @Test func `a cut ends one direction and the other goes on`() throws {
    let line = try Line()
    line.relay.cut(.toClient)
    #expect(try Loopback.receive(from: line.client) == [])
    try Loopback.send([1], to: line.client)
    #expect(try receive(1, from: line.target) == [1])
  }

  @Test func `a reset is seen by the receiver and the other side stays in the dark`() throws {
    let line = try Line()
    line.relay.reset(.toClient)
    var arrived: [UInt8]? = []
    #expect(throws: ToolError.self) { arrived = try Loopback.receive(from: line.client) }
    #expect(arrived == [])
    #expect(errno == ECONNRESET)
    #expect(!isReadable(line.target))
    try Loopback.send([1], to: line.target)
    line.relay.cut(.toTarget)
    #expect(try Loopback.receive(from: line.target) == [])
  }

  @Test func `an end and a reset of one side reach the other`() throws {
    let ended = try Line()
    try Loopback.send([1], to: ended.client)
    shutdown(ended.client, Int32(SHUT_WR))
    #expect(try receive(2, from: ended.target) == [1])
    try Loopback.send([2], to: ended.target)
    #expect(try receive(1, from: ended.client) == [2])

    let (listener, port) = try Loopback.listen()
    defer { close(listener) }
    let relay = try Relay(to: port)
    let client = try Loopback.connect(port: relay.port)
    let target = accept(listener, nil, nil)
    defer { close(target) }
    Loopback.setTimeout(target, seconds: 30)
    Loopback.reset(client)
    #expect(throws: ToolError.self) { try Loopback.receive(from: target) }
  }

  @Test func `it ends with its object and nobody listens any more`() throws {
    let (listener, port) = try Loopback.listen()
    defer { close(listener) }
    var relay: Relay? = try Relay(to: port)
    let relayed = relay?.port ?? 0
    let client = try Loopback.connect(port: relayed)
    defer { close(client) }
    relay = nil
    #expect(throws: ToolError.self) { try Loopback.connect(port: relayed) }
  }
}

/// Sends while the test reads, as more is sent than sockets hold.
final class BackgroundSend {
  private let process: pthread_t

  private final class Work {
    let bytes: [UInt8]
    let socket: Int32
    init(_ bytes: [UInt8], _ socket: Int32) {
      self.bytes = bytes
      self.socket = socket
    }
  }

  init(_ bytes: [UInt8], to socket: Int32) throws {
    var thread = pthread_t()
    let work = unsafe Unmanaged.passRetained(Work(bytes, socket)).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let work = unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
        try? Loopback.send(work.bytes, to: work.socket)
        return nil
      }, work)
    guard code == 0 else { throw ToolError("pthread_create: \(code)") }
    process = thread
  }

  func join() { pthread_join(process, nil) }
}
