import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct HTTPRequestParserTests {
  /// What is sent, and what becomes of it.
  static let vectors: [(String, [String])] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["get /", "0 left"]),
    ("HEAD /a?b HTTP/1.1\r\nhOST:a:80\r\n\r\n", ["head /a?b", "0 left"]),
    ("GET /%00 HTTP/1.0\r\n\r\n", ["get /%00 1.0", "0 left"]),
    ("DELETE /a HTTP/1.7\r\nHost:\r\n\r\n", ["delete /a", "0 left"]),
    ("GET http://h/a HTTP/1.1\r\nHost: other\r\n\r\n", ["get http://h/a", "0 left"]),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ["options *", "0 left"]),
    ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", ["connect h:443", "0 left"]),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", ["unknown /", "0 left"]),
    ("M-SEARCH * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ["unknown *", "0 left"]),
    (
      "GET /€ HTTP/1.1\r\nHost: a\r\nX: €\t.\r\n\r\n", ["get /\\xe2\\x82\\xac", "0 left"]
    ),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["nothing", "get /", "0 left"]),
    (
      "GET / HTTP/1.0\r\nConnection: x , Keep-Alive\r\nconnection:CLOSE\r\n\r\n",
      ["get / 1.0 close keep-alive", "0 left"]
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, \"close\"\r\n\r\n", ["get /", "0 left"]
    ),
    (
      "GET / HTTP/1.1\r\nAccept:\t a/b ;q=1 \t\r\nHost: a\r\nAccepted: no\r\nACCEPT: ,c,\r\n"
        + "Accept:\r\naccept: \"x,y\", z\r\n\r\n",
      ["get / accept=a/b ;q=1;c;\"x,y\";z", "0 left"]
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\nIf-None-Match: W/\"b\"\r\n"
        + "If-Match: *\r\nRange: bytes=0-\r\nIf-Range: \"a\"\r\nAuthorization: Bearer x\r\n"
        + "Origin: http://o\r\nAccess-Control-Request-Method: PUT\r\nExpect: 100-continue\r\n"
        + "Content-Encoding: br\r\nContent-Range: bytes 0-1/2\r\n\r\n",
      [
        "get / accessControlRequestMethod=PUT authorization=Bearer x contentEncoding=br "
          + "contentRange=bytes 0-1/2 expect=100-continue ifMatch=* ifNoneMatch=\"a\";W/\"b\" "
          + "ifRange=\"a\" origin=http://o range=bytes=0-", "0 left",
      ]
    ),
    (
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\r\n",
      ["put / body=a\\xd\\xa", "0 left"]
    ),
    ("POST / HTTP/1.0\r\nContent-Length: 003\r\n\r\nabc", ["post / 1.0 body=abc", "0 left"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ["get /", "0 left"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc", ["51 left"]),
    (
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
        + "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
      ["put / body=abc0123456789", "0 left"]
    ),
    (
      "PUT / HTTP/1.1\r\nTransfer-Encoding:chunked\r\nHost: a\r\n\r\n"
        + "00001;a=\"b;c\"; d \t;;\r\nx\r\n2 \t; y\r\n\r\n\r\n"
        + "000\r\nA: b\r\nContent-Length: 9\r\n\r\n",
      ["put / body=x\\xd\\xa", "0 left"]
    ),
  ]

  @Test(arguments: vectors)
  func `every shape of a request is understood, however it is split`(
    _ input: String, _ expected: [String]
  ) {
    let input = bytes(input)
    #expect(DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(HTTPDecoder.self, input) == [])
  }

  @Test func `requests follow each other`() {
    let several = Self.vectors.filter { $0.1.last == "0 left" }
    let input = bytes(several.map(\.0).joined())
    #expect(
      DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: [input.count])
        == several.flatMap { $0.1.dropLast() } + ["0 left"])
    #expect(DecoderVerifier.differences(HTTPDecoder.self, input) == [])
  }

  @Test func `one empty line is passed over between requests, and no more`() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    #expect(
      HTTPDecoder.transcript("\r\n" + request + "\r\n" + request)
        == ["nothing", "get /", "nothing", "get /", "0 left"])
    #expect(
      HTTPDecoder.transcript(request + "\r\n\r\n" + request)
        == ["get /", "nothing", "refused: \(HTTPError.emptyLineRepeated)"])
  }

  @Test func `every limit is exact, and the same in pieces`() {
    func line(_ count: Int) -> String {
      "GET /" + String(repeating: "a", count: count - 14) + " HTTP/1.1\r\n"
    }
    let start = "GET / HTTP/1.1\r\nHost: a\r\n"
    func fields(_ count: Int) -> String {
      start + "X: " + String(repeating: "a", count: count - 14) + "\r\n\r\n"
    }
    func many(_ count: Int) -> String {
      start + String(repeating: "X:\r\n", count: count - 1) + "\r\n"
    }
    let cases: [(String, HTTPError?)] = [
      (line(Limits.httpLineBytesMax) + "Host: a\r\n\r\n", nil),
      (line(Limits.httpLineBytesMax + 1) + "Host: a\r\n\r\n", .targetTooLong),
      (String(repeating: "a", count: Limits.httpLineBytesMax + 2), .targetTooLong),
      (fields(Limits.httpFieldBytesMax), nil),
      (fields(Limits.httpFieldBytesMax + 1), .fieldsTooLarge),
      (start + String(repeating: "a", count: Limits.httpFieldBytesMax), .fieldsTooLarge),
      (many(Limits.httpFieldsMax), nil),
      (many(Limits.httpFieldsMax + 1), .fieldsTooMany),
    ]
    for (input, error) in cases {
      for piece in [input.utf8.count, 1_000, 7_919] {
        var parser = HTTPRequestParser()
        var verdict = HTTPRequestParser.HeadVerdict.needsMore(atLeast: 1)
        let input = bytes(input)
        for arrived in stride(from: 0, to: input.count + piece, by: piece) {
          if case .needsMore = verdict {
            verdict = unsafe parser.parse(
              input.span.bytes.extracting(0..<min(arrived, input.count)))
          }
        }
        #expect(verdict == error.map { .refused($0) } ?? .request(headLength: input.count))
      }
    }
    #expect(Limits.httpRelationsHold && Limits.httpSessionRelationsHold)
  }

  @Test func `a request costs no allocation`() {
    guard AllocationCount.works else { return }
    let input = bytes(Self.vectors.map(\.0).filter { $0.hasPrefix("GET") }.joined())
    var parser = HTTPRequestParser()
    var count = 0
    func parseAll() {
      var offset = 0
      while case .request(let length) = unsafe parser.parse(
        input.span.bytes.extracting(offset..<input.count))
      {
        offset += length
        count += 1
      }
    }
    // In a process that has parsed nothing before, the first pass takes six: the runtime's own tables for
    // the type `InlineArray`, and for the array of the known fields' values in it, which stay.
    parseAll()
    let (_, allocations) = AllocationCount.during { parseAll() }
    #expect(count > 6)
    #expect(allocations == 0)
  }

  @Test func `no byte of a line that has not ended is searched twice, nor one of a line that has`()
  {
    let input = bytes("GET /aaaaaaaa HTTP/1.1\r\nHost: a\r\nAccept: bbbbbbbb\r\n\r\n")
    var parser = HTTPRequestParser()
    for arrived in 1..<input.count {
      // A second look would take what was searched, or judged, for the end of a line.
      var seen = [UInt8](input[..<arrived])
      let line = seen.dropLast().lastIndex(of: 0x0A) ?? 0
      for place in 0..<line { seen[place] = 0x0A }
      let verdict = unsafe parser.parse(seen.span.bytes)
      #expect(verdict == .needsMore(atLeast: 1))
    }
    #expect(unsafe parser.parse(input.span.bytes) == .request(headLength: input.count))
  }

  @Test func `alphabets are those of the standard`() {
    let tokens = Set("!#$%&'*+-.^_`|~0123456789".utf8)
    for byte in UInt8.min...UInt8.max {
      let lower = byte | 0x20
      let isLetter = lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") && byte < 128
      #expect(FieldSyntax.isToken(byte) == (isLetter || tokens.contains(byte)))
      let isHost = isLetter || "-._~!$&'()*+,;=%:[]0123456789".utf8.contains(byte)
      #expect(FieldSyntax.isHost(byte) == isHost)
      for place in 0..<19 {
        for count in (place + 1)..<20 {
          var value = [UInt8](repeating: UInt8(ascii: "~"), count: count)
          value[place] = byte
          let isValue = byte == 9 || (byte >= 32 && byte != 127)
          #expect(unsafe FieldSyntax.isValue(value.span.bytes, 0..<count) == isValue)
          let isTarget = byte > 32 && byte != 127
          #expect(unsafe FieldSyntax.isTarget(value.span.bytes, 0..<count) == isTarget)
        }
      }
    }
  }
}
