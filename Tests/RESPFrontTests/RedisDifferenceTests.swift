import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// The same bytes sent to a session and to a real server give the same bytes.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RedisDifferenceTests {
  /// A real server, and a front before it whose clients have the same ids.
  private struct Pair {
    let stack: Stack

    init() throws {
      let server = try RedisServer()
      let details = try #require(try server.query("INFO", "server").text)
      let line = details.split(separator: "\r\n").first { $0.hasPrefix("redis_version:") }
      let version = String(try #require(line).dropFirst("redis_version:".count))
      stack = try Stack(server, loops: 1, redisVersion: version, firstID: 1_000_000)
      // So that no id has a single digit, as other numbers have.
      for _ in 0..<10 { _ = try server.query("PING") }
    }

    /// All that is answered to `input` on a connection that ends after it, in pieces of so many bytes.
    private func replies(to input: [UInt8], on port: UInt16, pieces: Int) throws -> [UInt8] {
      let socket = try Loopback.connect(port: port)
      defer { close(socket) }
      // A server that has refused the beginning may have closed before the end was sent.
      for start in stride(from: 0, to: input.count, by: pieces) {
        guard (try? Loopback.send(Array(input[start...].prefix(pieces)), to: socket)) != nil else {
          break
        }
      }
      shutdown(socket, Int32(SHUT_WR))
      var bytes: [UInt8] = []
      while let arrived = try? Loopback.receive(from: socket), !arrived.isEmpty { bytes += arrived }
      return bytes
    }

    func expectSame(_ input: [UInt8], inPieces: Bool = true) throws {
      let expected = try replies(to: input, on: stack.server.port, pieces: input.count)
      for pieces in inPieces ? [input.count, 1] : [input.count] {
        let own = try replies(to: input, on: stack.port, pieces: pieces)
        #expect(shown(withoutIDs(own)) == shown(withoutIDs(expected)), "\(shown(input))")
      }
    }

    /// Whoever a client is, it is somebody else on each side.
    private func withoutIDs(_ bytes: [UInt8]) -> [UInt8] {
      // A character a byte, whatever the bytes are.
      let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      let same = text.replacing(/:[0-9]{2,}\r\n/, with: ":id\r\n")
      return same.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
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
    let pair = try Pair()
    for line in Self.lines {
      try pair.expectSame(Array("\(line)\r\nCLIENT GETNAME\r\nPING\r\n".utf8))
    }
  }

  @Test func `random pipelines are answered as Redis answers them`() throws {
    let pair = try Pair()
    var generator = SeededGenerator.forTest()
    let switches = [
      "CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "RESET", "", "HELLO 3",
      "CLIENT GETNAME", "CLIENT SETNAME n", "*0", "*-1",
    ]
    for _ in 0..<200 {
      var input: [UInt8] = []
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        let lines = Bool.random(using: &generator) ? switches : Self.lines
        input += Array("\(lines.randomElement(using: &generator) ?? "")\r\n".utf8)
      }
      try pair.expectSame(input)
    }
  }

  @Test func `random words in multibulk are answered as Redis answers them`() throws {
    let pair = try Pair()
    var generator = SeededGenerator.forTest()
    let names = ["PING", "eChO", "HELLO", "SELECT", "RESET"]
    let subcommands = ["ID", "getname", "SETNAME", "REPLY", "NO-EVICT"]
    let arguments: [[UInt8]] = ["a", "3", "2", "on", "skip", "", "setname", "15", "\r\n"]
      .map { Array($0.utf8) }
    for _ in 0..<200 {
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
      try pair.expectSame(input)
    }
  }

  @Test(arguments: [
    "*x\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "*2147483648\r\n", "PING \"\r\n",
    "CLIENT REPLY OFF\r\n*x\r\n", "CLIENT REPLY SKIP\r\n*x\r\n", "POST / HTTP/1.1\r\n",
    "Host: a\r\n",
  ])
  func `an error of protocol is said once, after the replies, and ends it`(_ error: String) throws {
    let pair = try Pair()
    try pair.expectSame(Array("PING\r\n\(error)PING\r\n\(error)".utf8))
  }

  @Test func `lines that do not end are refused as Redis refuses them`() throws {
    let pair = try Pair()
    let digits = [UInt8](repeating: UInt8(ascii: "1"), count: 65_537)
    for start in ["", "*", "*1\r\n$", "*1\r\n"] {
      try pair.expectSame(Array(start.utf8) + digits, inPieces: false)
    }
  }
}
