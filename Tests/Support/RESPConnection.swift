private import Glibc

/// A blocking connection to a server that speaks RESP, as simple as can be: for tests, and for one
/// thread.
public final class RESPConnection {
  private let socket: Int32
  private var bytes: [UInt8] = []
  private var read = 0

  /// Connects, and lets no read take longer than `timeoutSeconds`.
  public init(port: UInt16, timeoutSeconds: Int = 30) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: timeoutSeconds)
  }

  deinit { close(socket) }

  /// Sends one command and waits for its reply.
  public func query(_ words: String...) throws -> RESPReply {
    try send(words)
    return try receive()
  }

  /// Sends one command.
  public func send(_ words: [String]) throws { try send(bytes: Self.encode(words)) }

  /// A command as it is sent.
  public static func encode(_ words: [String]) -> [UInt8] {
    var command = Array("*\(words.count)\r\n".utf8)
    for word in words {
      command += "$\(word.utf8.count)\r\n\(word)\r\n".utf8
    }
    return command
  }

  /// Sends bytes as they are.
  public func send(bytes: [UInt8]) throws { try Loopback.send(bytes, to: socket) }

  /// Waits for one reply, or for a push.
  public func receive() throws -> RESPReply {
    let line = try line()
    guard let type = line.first else { throw ToolError("an empty line for a reply") }
    let text = String(line.dropFirst())
    switch type {
    case "+": return .simple(text)
    case "-": return .error(text)
    case ":": return .integer(try number(text))
    case "$", "=", "!":
      let count = try number(text)
      if count < 0 { return .bulk(nil) }
      defer { read += 2 }
      return .bulk(Array(try take(count, andMore: 2)))
    case "*", "~": return try number(text) < 0 ? .array(nil) : .array(elements(number(text)))
    case "%": return .array(try elements(number(text) * 2))
    case ">": return .push(try elements(number(text)))
    default: return .other(line)
    }
  }

  private func elements(_ count: Int) throws -> [RESPReply] {
    try (0..<count).map { _ in try receive() }
  }

  private func number(_ text: String) throws -> Int {
    guard let number = Int(text) else { throw ToolError("not a number in a reply: \(text)") }
    return number
  }

  private func line() throws -> String {
    // A line may be long: no byte of it is looked at twice.
    var scanned = 0
    while true {
      if let end = bytes[(read + scanned)...].firstIndex(of: 13), end + 1 < bytes.count {
        defer { read = end + 2 }
        return String(decoding: bytes[read..<end], as: UTF8.self)
      }
      scanned = max(0, bytes.count - read - 1)
      try fill()
    }
  }

  private func take(_ count: Int, andMore more: Int) throws -> ArraySlice<UInt8> {
    while bytes.count - read < count + more { try fill() }
    defer { read += count }
    return bytes[read..<read + count]
  }

  private func fill() throws {
    bytes.removeFirst(read)
    read = 0
    let arrived = try Loopback.receive(from: socket)
    if arrived.isEmpty { throw ToolError("the server closed the connection") }
    bytes += arrived
  }
}
