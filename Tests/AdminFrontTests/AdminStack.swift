import Glibc
import HTTP
import HTTPFront
import ProxyCore
import RESPFront
import TestSupport

@testable import AdminFront

/// A real server, a proxy before it with both fronts, and the admin listener: ended with the test.
final class AdminStack: Sendable {
  let server: RedisServer
  let proxy: Proxy
  let loops: [LoopThread]
  let http: HTTPFront
  let resp: RESPFront
  let admin: AdminFront

  init(
    _ server: RedisServer, loops count: Int = 2,
    settings change: (inout ProxySettings) -> Void = { _ in },
    options changeOptions: (inout AdminOptions) -> Void = { _ in }
  ) throws {
    self.server = server
    var settings = ProxySettings(url: RedisURL(port: server.port))
    settings.connectTimeout = .seconds(20)
    settings.bePatient()
    change(&settings)
    var options = AdminOptions()
    options.version = "1.2.3"
    options.hostNames = ["Admin.example"]
    changeOptions(&options)
    loops = try (0..<count).map { _ in try LoopThread(name: "loop") }
    proxy = try Proxy(settings, loops: loops)
    var httpOptions = HTTPOptions()
    httpOptions.settings.allowsWrites = true
    httpOptions.redisTimeout = .seconds(60)
    http = try HTTPFront(on: .loopback(), loops: loops, proxy: proxy, options: httpOptions)
    resp = try RESPFront(
      on: .loopback(), loops: loops, proxy: proxy,
      options: RESPOptions(greeting: ServerGreeting(version: "7.0.15")))
    admin = try AdminFront(on: .loopback(), proxy: proxy, options: options)
    proxy.connect()
  }

  convenience init(loops count: Int = 2) throws { try self.init(RedisServer(), loops: count) }

  deinit {
    admin.stop()
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }

  func connect() throws -> AdminClient { try AdminClient(port: admin.address.port) }
  func connectHTTP() throws -> AdminClient { try AdminClient(port: http.address.port) }
  func connectRESP() throws -> RESPConnection { try RESPConnection(port: resp.address.port) }

  /// What is told now, sample by sample.
  func metrics() throws -> [String: Double] { try connect().metrics() }
}

/// Whether something comes true, for which there is plenty of time.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<3_000 {
    if try condition() { return true }
    usleep(10_000)
  }
  return false
}

/// A blocking connection to an HTTP server, as simple as can be.
final class AdminClient {
  struct Reply {
    let status: Int
    let head: String
    let body: String
  }

  private let socket: Int32
  private var bytes: [UInt8] = []

  init(port: UInt16) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: 60)
  }

  deinit { close(socket) }

  func send(_ text: String) throws { try Loopback.send(Array(text.utf8), to: socket) }
  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// Whether the server has closed, and nothing more came before.
  func isAtEnd() throws -> Bool {
    try bytes.isEmpty && Loopback.receive(from: socket).isEmpty
  }

  func query(
    _ line: String, host: String = "127.0.0.1", _ fields: String = ""
  ) throws -> Reply {
    try send("\(line) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
    return try receive(hasBody: !line.hasPrefix("HEAD "))
  }

  func receive(hasBody: Bool = true) throws -> Reply {
    let blank = Array("\r\n\r\n".utf8)
    while bytes.firstRange(of: blank) == nil { try receiveMore() }
    let end = bytes.firstRange(of: blank)?.upperBound ?? 0
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    bytes.removeFirst(end)
    let field = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
    let length = hasBody ? field.flatMap { Int($0.dropFirst(16)) } ?? 0 : 0
    while bytes.count < length { try receiveMore() }
    let body = String(decoding: bytes[..<length], as: UTF8.self)
    bytes.removeFirst(length)
    return Reply(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head, body: body)
  }

  /// What `/metrics` tells, by name and labels as they stand there.
  func metrics() throws -> [String: Double] {
    let reply = try query("GET /metrics")
    guard reply.status == 200 else { throw ToolError("\(reply)") }
    return Dictionary(
      uniqueKeysWithValues: reply.body.split(separator: "\n").filter { $0.first != "#" }.map {
        let place = $0.lastIndex(of: " ") ?? $0.startIndex
        return (String($0[..<place]), Double($0[place...].dropFirst()) ?? .nan)
      })
  }

  private func receiveMore() throws {
    let more = try Loopback.receive(from: socket)
    if more.isEmpty { throw ToolError("the connection was closed") }
    bytes += more
  }
}

/// The requests of one kind that were counted.
func count(
  _ metrics: [String: Double], _ front: String, _ outcome: String
) -> Int {
  let labels = "{front=\"\(front)\",outcome=\"\(outcome)\"}"
  return Int(metrics["proxyd_request_duration_seconds_count\(labels)"] ?? -1)
}
