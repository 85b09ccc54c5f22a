import Glibc
import ProxyCore
import TestSupport

/// A connection whose replies are read as the bytes that they are.
final class FrameConnection {
  private let socket: Int32
  private var buffer: [UInt8] = []
  private var taken = 0

  init(port: UInt16, timeoutSeconds: Int = 60) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: timeoutSeconds)
  }

  deinit { close(socket) }

  func send(_ bytes: [UInt8]) throws { try Loopback.send(bytes, to: socket) }

  /// Says that nothing more will be sent.
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// Has its end be a reset: the peer hears of it at once, whatever it has not read.
  func resetAtEnd() {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
  }

  /// The bytes of the next reply or push.
  func frame() throws -> [UInt8] {
    var scanner = ReplyScanner()
    var scanned = taken
    while true {
      if scanned < buffer.count {
        switch scanner.scan(buffer.rawSpan.extracting(scanned..<buffer.count)) {
        case .complete(let length):
          let frame = Array(buffer[taken..<scanned + length])
          taken = scanned + length
          if taken == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            taken = 0
          }
          return frame
        case .partial: scanned = buffer.count
        case .malformed(let defect): throw ToolError("\(defect): \(shown(Array(buffer[taken...])))")
        }
      }
      let arrived = try Loopback.receive(from: socket)
      if arrived.isEmpty { throw ToolError("the connection was closed") }
      buffer += arrived
    }
  }

  func frames(_ count: Int) throws -> [[UInt8]] { try (0..<count).map { _ in try frame() } }

  /// Everything up to the end of `marker`, whatever its frames.
  func bytes(until marker: String) throws -> [UInt8] {
    while true {
      if let place = buffer[taken...].firstRange(of: Array(marker.utf8)) {
        defer { taken = place.upperBound }
        return Array(buffer[taken..<place.upperBound])
      }
      let arrived = try Loopback.receive(from: socket)
      if arrived.isEmpty { throw ToolError("closed after \(shown(Array(buffer[taken...])))") }
      buffer += arrived
    }
  }

  /// Everything that still comes, up to the end of the connection.
  func rest() throws -> [UInt8] {
    var bytes = Array(buffer[taken...])
    while true {
      let arrived = try Loopback.receive(from: socket)
      if arrived.isEmpty { return bytes }
      bytes += arrived
    }
  }

  /// Sends a command and reads its reply.
  func query(_ words: String...) throws -> [UInt8] {
    try send(multibulk(words.map { Array($0.utf8) }))
    return try frame()
  }
}
