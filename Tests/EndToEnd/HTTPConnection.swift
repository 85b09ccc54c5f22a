import Glibc
import TestSupport

/// A blocking connection to an HTTP server, as simple as can be.
final class HTTPConnection {
  struct Response {
    let status: Int
    let head: String
    let body: String
  }

  private let socket: Int32
  private var bytes: [UInt8] = []

  /// Connects, and lets no read take longer than half a minute, or as long as is said.
  init(port: UInt16, timeoutSeconds: Int = 30) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: timeoutSeconds)
  }

  deinit { close(socket) }

  func get(_ target: String, _ fields: String...) throws -> Response {
    try send("GET", target, fields)
    return try receive()
  }

  func send(_ method: String, _ target: String, _ fields: [String] = []) throws {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + fields
    try Loopback.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8), to: socket)
  }

  func send(raw text: String) throws { try Loopback.send(Array(text.utf8), to: socket) }

  /// Waits for a response, whose length must be given.
  func receive() throws -> Response {
    let blank = Array("\r\n\r\n".utf8)
    var end = bytes.firstRange(of: blank)
    while end == nil {
      try receiveMore()
      end = bytes.firstRange(of: blank)
    }
    guard let end else { throw ToolError("there is no head") }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    let length = head.split(separator: "\r\n").compactMap { line in
      line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
    }.first
    while bytes.count < end.upperBound + (length ?? 0) { try receiveMore() }
    let body = bytes[end.upperBound..<end.upperBound + (length ?? 0)]
    bytes.removeFirst(end.upperBound + (length ?? 0))
    let status = Int(head.dropFirst(9).prefix(3)) ?? 0
    return Response(status: status, head: head, body: String(decoding: body, as: UTF8.self))
  }

  private func receiveMore() throws {
    let more = try Loopback.receive(from: socket)
    if more.isEmpty { throw ToolError("the connection was closed") }
    bytes += more
  }
}

/// Waits until something is so, for a generous while.
func poll(_ what: String, _ isSo: () throws -> Bool) throws {
  for _ in 0..<24_000 {
    if try isSo() { return }
    usleep(5_000)
  }
  throw ToolError("it never came to this: \(what)")
}
