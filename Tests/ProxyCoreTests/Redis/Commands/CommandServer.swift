import Glibc
import TestSupport
import Testing

@testable import ProxyCore

/// A real server to ask about commands.
final class CommandServer {
  private let server: RedisServer

  /// Nil where redis-server is not installed.
  init?() throws {
    guard RedisServer.isInstalled else { return nil }
    server = try RedisServer()
  }

  /// The replies to `commands`, sent at once over one connection; fewer where one takes too long.
  func replies(to commands: [[String]], timeoutSeconds: Int = 30) throws -> [RESPValue] {
    let socket = try Loopback.connect(port: server.port)
    defer { close(socket) }
    Loopback.setTimeout(socket, seconds: timeoutSeconds)
    try Loopback.send(commands.flatMap(request), to: socket)
    var replies: [RESPValue] = []
    var whole: [UInt8] = []
    var scanner = ReplyScanner()
    while replies.count < commands.count {
      guard let piece = try? Loopback.receive(from: socket), !piece.isEmpty else { break }
      var offset = 0
      while offset < piece.count {
        switch unsafe scanner.scan(piece.span.bytes.extracting(offset..<piece.count)) {
        case .partial:
          whole += piece[offset...]
          offset = piece.count
        case .complete(let length):
          whole += piece[offset..<offset + length]
          offset += length
          replies.append(try unsafe RESPValue(reading: whole.span.bytes))
          whole = []
        case .malformed(let defect): throw defect
        }
      }
    }
    return replies
  }

  /// Whether it is of the version that the built-in table was made from.
  func isRedis7Point0() throws -> Bool {
    let greeting = try replies(to: [["HELLO", "3"]]).first
    return greeting?["version"]?.string?.hasPrefix("7.0.") == true
  }

  /// The reply to `COMMAND` in one of the versions.
  func commandReply(_ version: RESPVersion) throws -> RESPValue? {
    try replies(to: [["HELLO", "\(version.rawValue)"], ["COMMAND"]]).last
  }
}
