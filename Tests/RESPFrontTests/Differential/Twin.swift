import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// A plain server, and the proxy before another one: what is said to both is answered alike.
final class Twin {
  let plain: RedisServer
  let stack: Stack

  init(
    arguments: [String] = [], password: String? = nil, loops: Int = 2,
    settings: (inout ProxySettings) -> Void = { _ in },
    options: (inout RESPOptions) -> Void = { _ in }
  ) throws {
    plain = try RedisServer(arguments: arguments)
    let details = try #require(try plain.query("INFO", "server").text)
    let line = details.split(separator: "\r\n").first { $0.hasPrefix("redis_version:") }
    let version = String(try #require(line).dropFirst("redis_version:".count))
    let server = try RedisServer(arguments: arguments)
    stack = try Stack(
      server, loops: loops, redisVersion: version, settings: settings, options: options)
    guard let password else { return }
    for server in [plain, server] { try server.query("CONFIG", "SET", "requirepass", password) }
  }

  func connect() throws -> TwinConnection { try TwinConnection(self) }

  /// Both without data, scripts and functions, as they were at the start.
  func empty() throws {
    let connection = try connect()
    for command in [["FLUSHALL"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"]] {
      try connection.say(command)
    }
  }
}

/// One client's two connections.
final class TwinConnection {
  let plain: FrameConnection
  let proxied: FrameConnection
  private var lastMark = 0

  init(_ twin: Twin) throws {
    plain = try FrameConnection(port: twin.plain.port)
    proxied = try FrameConnection(port: twin.stack.port)
  }

  func send(_ bytes: [UInt8]) throws {
    try plain.send(bytes)
    try proxied.send(bytes)
  }

  func send(_ words: String...) throws { try send(multibulk(words.map { Array($0.utf8) })) }

  /// Reads so many replies or pushes from both and compares them; gives what the plain server said.
  @discardableResult
  func expectSame(
    _ count: Int = 1, _ comment: String = "", at place: SourceLocation = #_sourceLocation
  ) throws -> [[UInt8]] {
    var frames: [[UInt8]] = []
    for _ in 0..<count {
      let expected = try plain.frame()
      let found = try proxied.frame()
      // Text is made only to be shown: of a long reply that takes long.
      if found != expected {
        #expect(shown(found) == shown(expected), "\(comment)", sourceLocation: place)
      }
      frames.append(expected)
    }
    return frames
  }

  /// Sends one command and compares what it is answered with.
  @discardableResult
  func say(
    _ words: [String], replies: Int = 1, at place: SourceLocation = #_sourceLocation
  ) throws -> [[UInt8]] {
    try send(multibulk(words.map { Array($0.utf8) }))
    return try expectSame(replies, words.joined(separator: " "), at: place)
  }

  @discardableResult
  func say(
    _ line: String, replies: Int = 1, at place: SourceLocation = #_sourceLocation
  ) throws -> [[UInt8]] {
    try say(line.split(separator: " ").map(String.init), replies: replies, at: place)
  }

  /// Sends one command whose replies are not comparable, such as HELLO's with its id.
  func both(_ line: String) throws {
    try send(multibulk(line.split(separator: " ").map { Array($0.utf8) }))
    _ = try plain.frame()
    _ = try proxied.frame()
  }

  /// Compares all that is answered to what was sent so far, and all that came in between.
  @discardableResult
  func expectSameSoFar(
    _ comment: String = "", at place: SourceLocation = #_sourceLocation
  ) throws -> String {
    lastMark += 1
    let mark = "so far \(lastMark)"
    try send(multibulk("PING", mark))
    let expected = shown(try plain.bytes(until: "\(mark)\r\n"))
    let found = shown(try proxied.bytes(until: "\(mark)\r\n"))
    #expect(found == expected, "\(comment)", sourceLocation: place)
    return found
  }

  /// Compares all that comes up to the end of both.
  func expectSameEnd(
    _ comment: String = "", at place: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try plain.rest()
    let found = try proxied.rest()
    #expect(shown(found) == shown(expected), "\(comment)", sourceLocation: place)
  }
}
