import Glibc
import ProxyCore
import RESPFront
import TestSupport

@testable import HTTP
@testable import HTTPFront

/// A real server, a proxy before it, and both fronts on the same loops: ended with the test.
final class HTTPStack: Sendable {
  let server: RedisServer
  let proxy: Proxy
  let loops: [LoopThread]
  let front: HTTPFront
  let resp: RESPFront

  init(
    _ server: RedisServer, through port: UInt16? = nil, loops count: Int = 2,
    settings change: (inout ProxySettings) -> Void = { _ in },
    options changeOptions: (inout HTTPOptions) -> Void = { _ in }
  ) throws {
    self.server = server
    var settings = ProxySettings(url: RedisURL(port: port ?? server.port))
    settings.connectTimeout = .seconds(20)
    settings.bePatient()
    change(&settings)
    var options = HTTPOptions()
    options.settings.allowsWrites = true
    options.redisTimeout = .seconds(60)
    options.hostNames = ["a"]
    changeOptions(&options)
    loops = try (0..<count).map { _ in try LoopThread(name: "loop") }
    proxy = try Proxy(settings, loops: loops)
    front = try HTTPFront(on: .loopback(), loops: loops, proxy: proxy, options: options)
    resp = try RESPFront(
      on: .loopback(), loops: loops, proxy: proxy,
      options: RESPOptions(greeting: ServerGreeting(version: "7.0.15")))
  }

  convenience init(loops count: Int = 2) throws { try self.init(RedisServer(), loops: count) }

  deinit {
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }

  func connect() throws -> HTTPConnection { try HTTPConnection(port: front.address.port) }
  func connectRESP() throws -> RESPConnection { try RESPConnection(port: resp.address.port) }

  /// Waits until nothing is under way on any loop.
  func becomesQuiet() -> Bool {
    let proxy = proxy
    return eventually {
      self.loops.allSatisfy { loop in
        loop.perform { proxy.worker(on: $0)?.underWay.isNothing ?? true } ?? true
      }
    }
  }
}

extension WorkerCensus {
  fileprivate var isNothing: Bool {
    reads + calls + waits + flights + fences + pinned == 0
  }
}

/// Whether something comes true, for which there is plenty of time.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<12_000 {
    if try condition() { return true }
    usleep(10_000)
  }
  return false
}

/// A response, as a client of few words sees it.
struct HTTPReply: Equatable, CustomStringConvertible {
  var status = 0
  var lines: [String] = []
  var body: [UInt8] = []

  var text: String { String(decoding: body, as: UTF8.self) }
  var description: String { "\(status) \(lines) \(text.prefix(200))" }

  /// The value of a header line.
  subscript(name: String) -> String? {
    let prefix = name.lowercased() + ": "
    let line = lines.first { $0.lowercased().hasPrefix(prefix) }
    return line.map { String($0.dropFirst(prefix.count)) }
  }
}

/// A blocking connection to an HTTP server, as simple as can be: for tests, and for one thread.
final class HTTPConnection {
  let socket: Int32
  private var bytes: [UInt8] = []
  private var read = 0

  init(port: UInt16) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: 60)
  }

  deinit { close(socket) }

  func send(_ text: String) throws { try Loopback.send(Array(text.utf8), to: socket) }
  func send(bytes: [UInt8]) throws { try Loopback.send(bytes, to: socket) }
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  func isReadable(withinMilliseconds timeout: Int32) -> Bool {
    var question = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&question, 1, timeout) > 0
  }

  /// One request and its response.
  func query(
    _ line: String, _ fields: [String] = [], body: [UInt8]? = nil
  ) throws -> HTTPReply {
    var request = "\(line) HTTP/1.1\r\nHost: a\r\n"
    for field in fields { request += field + "\r\n" }
    if let body { request += "Content-Length: \(body.count)\r\n" }
    try send(bytes: Array("\(request)\r\n".utf8) + (body ?? []))
    return try receive(isHead: line.hasPrefix("HEAD "))
  }

  func receive(isHead: Bool = false) throws -> HTTPReply {
    var reply = try receiveHead()
    let count = reply["Content-Length"].flatMap { Int($0) } ?? 0
    if !isHead && reply.status != 304 { reply.body = try take(count) }
    return reply
  }

  func receiveHead() throws -> HTTPReply {
    var lines: [String] = []
    while let line = try line(), !line.isEmpty { lines.append(line) }
    guard let first = lines.first, let status = Int(first.dropFirst(9).prefix(3)) else {
      throw ToolError("no status line: \(lines)")
    }
    return HTTPReply(status: status, lines: Array(lines.dropFirst()))
  }

  /// Receives so many bytes and forgets them.
  func skip(_ count: Int) throws {
    var left = count
    while left > 0 {
      if read == bytes.count { try fill() }
      let taken = min(left, bytes.count - read)
      read += taken
      left -= taken
    }
  }

  /// Whether the server has closed, and nothing more came before.
  func isAtEnd() throws -> Bool {
    try read == bytes.count && Loopback.receive(from: socket).isEmpty
  }

  private func line() throws -> String? {
    while true {
      if let feed = bytes[read...].firstIndex(of: 10) {
        defer { read = feed + 1 }
        return String(decoding: bytes[read..<feed - 1], as: UTF8.self)
      }
      try fill()
    }
  }

  private func take(_ count: Int) throws -> [UInt8] {
    while bytes.count - read < count { try fill() }
    defer { read += count }
    return Array(bytes[read..<read + count])
  }

  private func fill() throws {
    bytes.removeFirst(read)
    read = 0
    let arrived = try Loopback.receive(from: socket)
    if arrived.isEmpty { throw ToolError("the server closed the connection") }
    bytes += arrived
  }
}
