import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// The same bytes sent to a session and to a real server give the same bytes.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RedisDifferenceTests {
  /// A real server, and what is needed to be mistaken for it.
  private struct Original {
    let server: RedisServer
    let version: String
    private let firstID: Int
    private var connections = 0

    init() throws {
      server = try RedisServer()
      let details = try #require(try server.query("INFO", "server").text)
      let line = details.split(separator: "\r\n").first { $0.hasPrefix("redis_version:") }
      version = String(try #require(line).dropFirst("redis_version:".count))
      guard case .integer(let id) = try server.query("CLIENT", "ID") else {
        throw ToolError("no client id")
      }
      firstID = id
    }

    /// All that it answers to `input` on a connection that ends after it, and the connection's id.
    mutating func replies(to input: [UInt8]) throws -> (bytes: [UInt8], id: Int) {
      connections += 1
      let socket = try Loopback.connect(port: server.port)
      defer { close(socket) }
      // A server that has refused the beginning may have closed before the end was sent.
      try? Loopback.send(input, to: socket)
      shutdown(socket, Int32(SHUT_WR))
      var bytes: [UInt8] = []
      while let arrived = try? Loopback.receive(from: socket), !arrived.isEmpty { bytes += arrived }
      return (bytes, firstID + connections)
    }

    mutating func expectSame(_ input: [UInt8]) throws {
      let (expected, id) = try replies(to: input)
      for pieces in [Int.max, 1] {
        let own = Conversation(input, pieces: pieces, id: id, redisVersion: version)
        #expect(shown(own.replies) == shown(expected), "\(shown(input))")
      }
    }
  }

  static let lines = [
    "PING", "ping a", "PING a b", "PING ''", "ECHO", "ECHO a", "ECHO a b", "QUIT", "QUIT a",
    "RESET",
    "RESET a", "SELECT", "SELECT 0", "SELECT 15", "SELECT 16", "SELECT -1", "SELECT x", "SELECT ''",
    "SELECT 01", "SELECT +1", "SELECT ' 1'", "SELECT 1.0", "SELECT 1 2", "SELECT 2147483648",
    "SELECT -2147483649", "SELECT 9223372036854775808", "HELLO", "HELLO 1", "HELLO 2", "HELLO 3",
    "HELLO 4", "HELLO x", "HELLO ''", "HELLO 03", "HELLO -3", "HELLO 9223372036854775808",
    "HELLO 258", "HELLO 2 SETNAME", "HELLO 2 SETNAME a", "HELLO 3 setname a SETNAME b",
    "HELLO 3 SETNAME c FOO", "HELLO 2 SETNAME 'a b'", "HELLO 2 AUTH", "HELLO 2 AUTH a",
    "HELLO SETNAME a", "HELLO 2 FOO", #"HELLO 2 "a\r\nb""#, #"HELLO 2 "a\x00b""#,
    #"HELLO 3 "\xff\xfe""#, "CLIENT", "CLIENT ID", "CLIENT ID a", "CLIENT GETNAME",
    "CLIENT GETNAME a", "CLIENT SETNAME", "CLIENT SETNAME a", "CLIENT SETNAME a b",
    "CLIENT SETNAME ''", "CLIENT SETNAME 'a b'", "CLIENT SETNAME ~!", #"CLIENT SETNAME "\x7f""#,
    #"CLIENT SETNAME "\xc3\xa9""#, "client reply", "CLIENT REPLY on", "CLIENT REPLY OFF",
    "CLIENT REPLY SKIP", "CLIENT REPLY a", "CLIENT REPLY ON a", "CLIENT NO-EVICT",
    "CLIENT NO-EVICT ON", "CLIENT NO-EVICT off", "CLIENT NO-EVICT a", "CLIENT NO-EVICT ON a", "",
  ]

  @Test func `each command is answered as Redis answers it`() throws {
    var original = try Original()
    for line in Self.lines {
      try original.expectSame(Array("\(line)\r\nCLIENT GETNAME\r\nPING\r\n".utf8))
    }
  }

  @Test func `random pipelines are answered as Redis answers them`() throws {
    var original = try Original()
    var generator = SeededGenerator.forTest()
    let switches = [
      "CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "RESET", "", "HELLO 3",
      "CLIENT GETNAME", "CLIENT SETNAME n", "*0", "*-1",
    ]
    for _ in 0..<400 {
      var input: [UInt8] = []
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        let lines = Bool.random(using: &generator) ? switches : Self.lines
        input += Array("\(lines.randomElement(using: &generator) ?? "")\r\n".utf8)
      }
      try original.expectSame(input)
    }
  }

  @Test func `random words in multibulk are answered as Redis answers them`() throws {
    var original = try Original()
    var generator = SeededGenerator.forTest()
    let names = ["PING", "eChO", "HELLO", "SELECT", "RESET"]
    let subcommands = ["ID", "getname", "SETNAME", "REPLY", "NO-EVICT"]
    let arguments: [[UInt8]] = ["a", "3", "2", "on", "skip", "", "setname", "15", "\r\n"]
      .map { Array($0.utf8) }
    for _ in 0..<400 {
      var input: [UInt8] = []
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        var words: [[UInt8]] = []
        if Bool.random(using: &generator) {
          words.append(Array("CLIENT".utf8))
          words.append(Array((subcommands.randomElement(using: &generator) ?? "").utf8))
        } else {
          words.append(Array((names.randomElement(using: &generator) ?? "").utf8))
        }
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
          words.append(arguments.randomElement(using: &generator) ?? [])
        }
        input += multibulk(words)
      }
      try original.expectSame(input)
    }
  }

  @Test(arguments: [
    "*x\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "*2147483648\r\n", "PING \"\r\n",
    "CLIENT REPLY OFF\r\n*x\r\n", "CLIENT REPLY SKIP\r\n*x\r\n", "POST / HTTP/1.1\r\n",
    "Host: a\r\n",
  ])
  func `an error of protocol is said once, after the replies, and ends it`(_ error: String) throws {
    var original = try Original()
    try original.expectSame(Array("PING\r\n\(error)PING\r\n\(error)".utf8))
  }

  @Test func `lines that do not end are refused as Redis refuses them`() throws {
    var original = try Original()
    let digits = [UInt8](repeating: UInt8(ascii: "1"), count: 65_537)
    for start in ["", "*", "*1\r\n$", "*1\r\n"] {
      let (expected, _) = try original.replies(to: Array(start.utf8) + digits)
      #expect(Conversation(Array(start.utf8) + digits).replies == expected)
    }
  }
}
