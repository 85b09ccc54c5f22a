import Glibc
import Testing

@testable import ProxyCore

/// The other end of a connection under test: a plain blocking socket.
final class TestPeer: Sendable {
  let descriptor: FileDescriptor

  /// A connection to `address`; the kernel completes it without anybody accepting.
  init(to address: SocketAddress) throws {
    let descriptor = try FileDescriptor.connecting(to: address)
    try Self.makeBlocking(descriptor)
    var wanted = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
    _ = try retryingInterrupts("poll") { unsafe poll(&wanted, 1, -1) }
    #expect(descriptor.pendingError(of: "connect") == nil)
    self.descriptor = descriptor
  }

  private static func makeBlocking(_ descriptor: borrowing FileDescriptor) throws {
    _ = try retryingInterrupts("fcntl") { fcntl(descriptor.number, F_SETFL, 0) }
  }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let rest = ByteBuffer.holding(bytes[sent...])
      sent += try descriptor.send(rest) ?? 0
    }
  }

  /// As much as the kernel takes now.
  func sendWithoutWaiting(_ buffer: borrowing ByteBuffer) throws {
    let number = descriptor.number
    _ = try unsafe buffer.bytes.withUnsafeBytes { bytes throws(SystemError) in
      try unlessBlocked("send") {
        unsafe Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
      }
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// A byte that TCP marks as urgent.
  func sendUrgent(_ byte: UInt8) throws {
    var byte = byte
    _ = try retryingInterrupts("send") {
      unsafe Glibc.send(descriptor.number, &byte, 1, Int32(MSG_OOB))
    }
  }

  /// Up to `count` bytes, fewer only where the other side finished before.
  func receive(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let chunk = try receiveSome(max: count - bytes.count)
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }

  func receiveText(_ count: Int) throws -> String {
    String(decoding: try receive(count), as: UTF8.self)
  }

  func receiveSome(max count: Int) throws -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: count)
    let received = try unsafe chunk.withUnsafeMutableBytes {
      unsafe try descriptor.receive(into: $0) ?? 0
    }
    return Array(chunk[..<received])
  }

  /// What is there already, without waiting for more.
  func available() throws -> Int {
    var count: Int32 = 0
    _ = try retryingInterrupts("ioctl") { unsafe ioctl(descriptor.number, UInt(FIONREAD), &count) }
    return Int(count)
  }

  /// Has the kernel answer the other side's next segment with a reset.
  func reset() throws {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    _ = try retryingInterrupts("setsockopt") {
      unsafe setsockopt(
        descriptor.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
  }
}

extension ByteBuffer {
  static func holding(_ bytes: ArraySlice<UInt8>) -> ByteBuffer {
    var buffer = ByteBuffer()
    unsafe bytes.withUnsafeBytes { unsafe buffer.append($0) }
    return buffer
  }
}

/// What a handler under test does with what arrives; remembers what it was told.
final class ScriptedHandler: ConnectionHandler {
  var onReceived: (RawSpan, Connection) -> Consumption
  var onFinished: (Connection) -> Void = { $0.closeAfterFlushing() }
  private(set) var batches: [Int] = []
  private(set) var connectedCount = 0
  private(set) var finishedCount = 0
  private(set) var hungUpCount = 0
  private(set) var drainedCount = 0
  private(set) var closeReason: CloseReason?
  var onArrived: () -> Void = {}
  /// What was announced and has not been received.
  private(set) var announced: [UInt8]?
  weak var connection: Connection?

  init(_ onReceived: @escaping (RawSpan, Connection) -> Consumption = ScriptedHandler.echo) {
    self.onReceived = onReceived
  }

  /// Takes what there is, and works on it until it is told to resume.
  static func pause(_ bytes: RawSpan, _ connection: Connection) -> Consumption {
    connection.pauseReading()
    return .taken(bytes.byteCount)
  }

  static func echo(_ bytes: RawSpan, _ connection: Connection) -> Consumption {
    connection.output.bytes.append(bytes)
    return .taken(bytes.byteCount)
  }

  var prepares: Bool { true }

  func arrived(_ bytes: RawSpan) {
    #expect(announced == nil, "announced before the last ones were received")
    announced = bytes.array
    onArrived()
  }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    if let announced {
      #expect(bytes.array.starts(with: announced), "others were announced")
      self.announced = nil
    }
    batches.append(bytes.byteCount)
    return onReceived(bytes, connection)
  }

  func connected(_ connection: Connection, now: Moment) { connectedCount += 1 }
  func hungUp(_ connection: Connection, now: Moment) { hungUpCount += 1 }
  func drained(_ connection: Connection, now: Moment) { drainedCount += 1 }

  func finished(_ connection: Connection, now: Moment) {
    finishedCount += 1
    onFinished(connection)
  }

  func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    #expect(closeReason == nil, "closed twice")
    closeReason = reason
  }
}

/// A loop driven by hand, with a listener whose connections `handler` serves.
final class LoopFixture {
  let loop: EventLoop
  private(set) var listener: Listener?
  private(set) var connections: [Connection] = []
  let address: SocketAddress

  init(
    on address: SocketAddress = .loopback(),
    _ handler: @escaping (Connection) -> (any ConnectionHandler)?
  ) throws {
    let loop = try EventLoop()
    self.loop = loop
    var adopt: (consuming FileDescriptor, SocketAddress?) -> Void = { _, _ in }
    let listener = try loop.listen(on: address) { adopt($0, $1) }
    self.listener = listener
    self.address = try #require(listener.address)
    adopt = { [unowned self] descriptor, peer in
      if let connection = try? loop.adopt(descriptor, peer: peer, handler: handler) {
        connections.append(connection)
      }
    }
  }

  deinit { loop.shutDown() }

  /// Turns until `condition` holds; each turn waits for something to happen.
  func turn(until condition: () throws -> Bool) rethrows {
    while try !condition() { loop.turn() }
  }

  /// A peer whose connection the loop has adopted.
  func connect() throws -> TestPeer {
    let before = connections.count
    let peer = try TestPeer(to: address)
    turn { connections.count > before }
    return peer
  }
}
