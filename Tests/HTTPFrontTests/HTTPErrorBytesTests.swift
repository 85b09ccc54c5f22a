import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// Every byte of what is answered, by a whole session, to requests that are not fulfilled.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPErrorBytesTests {
  /// All that comes until the connection ends, without its date. The client ends it when it has a response.
  private func answer(_ stack: HTTPStack, _ request: String) throws -> String {
    let client = try stack.connect()
    try client.send(request)
    var output: [UInt8] = []
    while case let piece = try Loopback.receive(from: client.socket), !piece.isEmpty {
      output += piece
      if Self.isResponse(output) { client.finish() }
    }
    return HTTPExchange.undated(output)
  }

  private static func isResponse(_ bytes: [UInt8]) -> Bool {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return false }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let length = lines.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) }
    return length == bytes.count - end
  }

  private func text(_ line: String) -> String {
    """
    Content-Type: text/plain; charset=utf-8\r
    X-Content-Type-Options: nosniff\r
    Content-Length: \(line.utf8.count + 1)\r
    \r
    \(line)\n
    """
  }

  /// The requests that are understood, their status, the lines that not all have, and the text.
  private static let problems = [
    ("GET /", "400 Bad Request", "", "the key is empty"),
    ("GET /get", "400 Bad Request", "", "/get needs a key: /get?key=NAME"),
    ("GET /get?key=", "400 Bad Request", "", "the key is empty"),
    (
      "GET /get?key=a&k%65y=b", "400 Bad Request", "",
      "there is more than one key= in the request target"
    ),
    (
      "GET /a%2", "400 Bad Request", "",
      "byte 2 of the request target is a % without two hexadecimal digits after it"
    ),
    ("GET /a#b", "400 Bad Request", "", "byte 2 of the request target must be escaped: %23"),
    (
      "GET x:y", "400 Bad Request", "", "the request target is neither a path nor an http URL"
    ),
    (
      "POST /k", "405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS\r\n",
      "keys have no such method"
    ),
    (
      "PUT /k", "405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS\r\n",
      "writes are off here: HTTP_WRITES=on turns them on"
    ),
    ("BREW /k", "501 Not Implemented", "", "there is no such method"),
    ("GET /list", "409 Conflict", "", "the key holds something else than a string"),
    (
      "GET /k HTTP/1.1\r\nExpect: coffee", "417 Expectation Failed", "",
      "the only expectation known here is 100-continue"
    ),
    (
      "GET /k HTTP/1.1\r\nIf-Match: \"x\"", "412 Precondition Failed",
      "Cache-Status: proxyd; fwd=miss; stored\r\n", "the value has another tag"
    ),
    (
      "GET /l HTTP/1.1\r\nRange: bytes=9-", "416 Range Not Satisfiable",
      "Cache-Status: proxyd; fwd=miss; stored\r\nContent-Range: bytes */1\r\n",
      "the value does not reach that far"
    ),
  ]

  @Test func `what is understood and not fulfilled is answered to the letter`() throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.settings.allowsWrites = false })
    for key in ["k", "l"] { _ = try stack.server.query("SET", key, "v") }
    _ = try stack.server.query("RPUSH", "list", "v")
    for (request, status, lines, line) in Self.problems {
      let start = request.contains(" HTTP/1.1") ? request : "\(request) HTTP/1.1"
      let answer = try answer(stack, "\(start)\r\nHost: a\r\n\r\n")
      #expect(
        answer == "HTTP/1.1 \(status)\r\nDate: D\r\nVary: Accept\r\nCache-Control: no-store\r\n"
          + lines + text(line))
    }
    #expect(
      try answer(stack, "GET /absent HTTP/1.1\r\nHost: a\r\n\r\n")
        == "HTTP/1.1 404 Not Found\r\nDate: D\r\nVary: Accept\r\nCache-Control: no-cache\r\n"
        + "Cache-Status: proxyd; fwd=miss; stored\r\n" + text("no such key"))
    #expect(
      try answer(stack, "GET /k HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        == "HTTP/1.1 421 Misdirected Request\r\nDate: D\r\nVary: Accept\r\n"
        + "Cache-Control: no-store\r\n"
        + text(
          "without a password only an address, localhost or HTTP_HOST is answered as the Host"))
  }

  @Test(arguments: [
    ("", "a password is needed: Authorization: Bearer PASSWORD, or Basic"),
    ("Authorization: Bearer x\r\n", "the password is wrong"),
  ])
  func `who gives no password, or another, is told what to do`(
    _ field: String, _ line: String
  ) throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.settings.password = bytes("hush") })
    #expect(
      try answer(stack, "GET /k HTTP/1.1\r\nHost: a\r\n\(field)\r\n") == """
        HTTP/1.1 401 Unauthorized\r
        Date: D\r
        Vary: Accept\r
        Cache-Control: no-store\r
        WWW-Authenticate: Basic realm="proxyd", charset="UTF-8"\r
        WWW-Authenticate: Bearer realm="proxyd"\r\n
        """ + text(line))
  }

  /// Writes that are not done, where writes are on.
  @Test(arguments: [
    (
      "If-Match: \"x\"", "501 Not Implemented", "writes are not conditional here"
    ), ("Content-Range: bytes 0-0/1", "400 Bad Request", "values are written as a whole"),
    (
      "Content-Encoding: gzip", "415 Unsupported Media Type",
      "values are kept as they come: no Content-Encoding"
    ),
  ])
  func `a write that would not be what was asked for is refused`(
    _ field: String, _ status: String, _ line: String
  ) throws {
    let stack = try HTTPStack()
    let request = "PUT /k HTTP/1.1\r\nHost: a\r\n\(field)\r\nContent-Length: 1\r\n\r\nv"
    #expect(
      try answer(stack, request)
        == "HTTP/1.1 \(status)\r\nDate: D\r\nVary: Accept\r\nCache-Control: no-store\r\n"
        + text(line))
    #expect(try stack.server.query("EXISTS", "k") == .integer(0))
  }

  /// Bytes that are no request: the connection ends with the answer.
  private static let errors = [
    ("\r\n\r\n", "400 Bad Request", "empty lines where a request should begin"),
    ("GET /k HTTP/1.1\nHost: a\n\n", "400 Bad Request", "a line does not end with CR and LF"),
    (
      "\u{16}\u{3}\u{1}", "400 Bad Request",
      "the request does not begin with a method; this port speaks plain HTTP/1.1"
    ),
    ("GET  /k HTTP/1.1\r\n", "400 Bad Request", "the request line is not METHOD TARGET HTTP/1.1"),
    (
      "GET /\u{7F} HTTP/1.1\r\n", "400 Bad Request",
      "the request target has bytes that must be escaped"
    ),
    (
      "GET /\(String(repeating: "k", count: 33_000))", "414 URI Too Long",
      "the request line is longer than 32768 bytes"
    ),
    ("GET /k HTTP/1.x\r\n", "400 Bad Request", "the request line does not end with HTTP/1.1"),
    (
      "GET /k HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported",
      "this port speaks HTTP/1.1 and HTTP/1.0"
    ),
    ("HEAD|: x", "400 Bad Request", "a header line does not begin with a name and a colon"),
    ("HEAD|A : x", "400 Bad Request", "a space before the colon of a header line"),
    ("HEAD|A: x\r\n y", "400 Bad Request", "a header line begins with a space"),
    ("HEAD|A: \u{0}", "400 Bad Request", "a header line has a control character"),
    ("HEAD|Host: a", "400 Bad Request", "Host is given more than once"),
    ("GET /k HTTP/1.1\r\n\r\n", "400 Bad Request", "HTTP/1.1 needs a Host"),
    ("GET /k HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Bad Request", "Host is not a host"),
    ("HEAD|Content-Length: 1x", "400 Bad Request", "Content-Length is not a number"),
    (
      "HEAD|Content-Length: 1\r\nTransfer-Encoding: chunked", "400 Bad Request",
      "Content-Length and Transfer-Encoding exclude each other"
    ),
    (
      "HEAD|Transfer-Encoding: chunked, gzip", "400 Bad Request",
      "Transfer-Encoding does not end with chunked"
    ),
    (
      "HEAD|Transfer-Encoding: gzip, chunked", "501 Not Implemented",
      "the only Transfer-Encoding known here is chunked"
    ),
    (
      "GET /k HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request",
      "HTTP/1.0 has no Transfer-Encoding"
    ),
    (
      "HEAD|A: \(String(repeating: "x", count: 32_000))", "431 Request Header Fields Too Large",
      "the header lines are longer than 31744 bytes"
    ),
    (
      "HEAD|\(Array(repeating: "A: x", count: 129).joined(separator: "\r\n"))",
      "431 Request Header Fields Too Large", "there are more than 128 header lines"
    ),
    ("HEAD|Content-Length: 9999999999", "413 Content Too Large", "the body is too large"),
    ("BODY|x\r\n", "400 Bad Request", "a chunk does not begin with its size"),
    ("BODY|1\r\nab\r\n", "400 Bad Request", "a chunk does not end where its size says"),
    (
      "BODY|1;\(String(repeating: "x", count: 300))\r\n", "400 Bad Request",
      "the lines around chunks are too long"
    ),
    ("BODY|1;\u{1}\r\n", "400 Bad Request", "the line before a chunk is malformed"),
  ]

  @Test func `what is no request is answered to the letter, and then nothing is`() throws {
    let stack = try HTTPStack()
    for (bytes, status, line) in Self.errors {
      let request =
        bytes.replacing("HEAD|", with: "GET /k HTTP/1.1\r\nHost: a\r\n", maxReplacements: 1)
        .replacing(
          "BODY|", with: "PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
          maxReplacements: 1)
      let isHead = bytes.hasPrefix("HEAD|")
      #expect(
        try answer(stack, isHead ? request + "\r\n\r\n" : request)
          == "HTTP/1.1 \(status)\r\nDate: D\r\nConnection: close\r\nCache-Control: no-store\r\n"
          + text(line), "\(bytes.prefix(60).debugDescription)")
    }
    #expect(try stack.server.query("DBSIZE") == .integer(0))
  }
}
