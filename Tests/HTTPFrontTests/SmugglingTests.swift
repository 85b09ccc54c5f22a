import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// Requests that two servers might understand in two ways, and what is said instead.
@Suite struct SmugglingTests {
  static let lines: [(String, HTTPError)] = [
    ("GET / HTTP/1.1\n", .lineFeedBare), ("\nGET / HTTP/1.1\r\n", .lineFeedBare),
    ("GET /\r HTTP/1.1\r\n", .targetInvalid), ("GET\r/ HTTP/1.1\r\n", .methodInvalid),
    ("GET / HTTP/1.1\r\r\n", .versionInvalid), ("\rGET / HTTP/1.1\r\n", .methodInvalid),
    ("\0GET / HTTP/1.1\r\n", .methodInvalid), ("GET /\0 HTTP/1.1\r\n", .targetInvalid),
    ("GET /\u{7F} HTTP/1.1\r\n", .targetInvalid), ("GET /a\tb HTTP/1.1\r\n", .targetInvalid),
    (" GET / HTTP/1.1\r\n", .methodInvalid), ("\tGET / HTTP/1.1\r\n", .methodInvalid),
    ("GET  / HTTP/1.1\r\n", .requestLineInvalid), ("GET\t/ HTTP/1.1\r\n", .methodInvalid),
    ("GET /  HTTP/1.1\r\n", .requestLineInvalid), ("GET /a b HTTP/1.1\r\n", .requestLineInvalid),
    ("GET /\tHTTP/1.1\r\n", .versionInvalid), ("GET / HTTP/1.1 \r\n", .versionInvalid),
    ("GET / HTTP/1.1\t\r\n", .versionInvalid), ("GET  HTTP/1.1\r\n", .requestLineInvalid),
    ("GET HTTP/1.1\r\n", .requestLineInvalid), ("GET\r\n", .requestLineInvalid),
    ("GET /\r\n", .requestLineInvalid), ("GET /averylongpath\r\n", .versionInvalid),
    ("G@T / HTTP/1.1\r\n", .methodInvalid), ("GET: / HTTP/1.1\r\n", .methodInvalid),
    ("G\u{E9}T / HTTP/1.1\r\n", .methodInvalid), ("(GET) / HTTP/1.1\r\n", .methodInvalid),
    ("\u{16}\u{3}\u{1}\u{2}\0\u{1}", .methodInvalid), ("{}", .methodInvalid),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
    ("GET / HTTP/0.9\r\n", .versionNotSupported), ("GET / HTTP/3.0\r\n", .versionNotSupported),
    ("GET / http/1.1\r\n", .versionInvalid), ("GET / HTTP/1.10\r\n", .versionInvalid),
    ("GET / HTTP/01.1\r\n", .versionInvalid), ("GET / HTTP/11\r\n", .versionInvalid),
    ("GET / HTTP/1,1\r\n", .versionInvalid), ("GET / HTTP/1.\r\n", .versionInvalid),
    ("GET / HTTP/1.x\r\n", .versionInvalid), ("GET / HTTP/+.1\r\n", .versionInvalid),
    ("GET / HTTPS/1.1\r\n", .versionInvalid), ("GET / HTTP 1.1\r\n", .versionInvalid),
  ]

  /// After `POST / HTTP/1.1`.
  static let fields: [(String, HTTPError)] = [
    // Two answers to where the body ends.
    ("Host: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n", .lengthAndEncoding),
    ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", .lengthAndEncoding),
    ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", .lengthAndEncoding),
    ("Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n", .lengthAndEncoding),
    (
      "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      .fieldRepeated(.transferEncoding)
    ),
    (
      "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      .fieldRepeated(.transferEncoding)
    ),
    ("Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n", .fieldRepeated(.contentLength)),
    ("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n", .fieldRepeated(.contentLength)),
    ("Host: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n", .fieldRepeated(.contentLength)),
    ("Host: a\r\nContent-Length: 5, 5\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: +5\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: -5\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: 5 5\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: 0x5\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: 5_0\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: 5.0\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: ٥\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length:\r\n", .lengthInvalid),
    ("Host: a\r\nContent-Length: 101\r\n\r\n", .bodyTooLarge),
    ("Host: a\r\nContent-Length: 99999999999999999999999999\r\n\r\n", .bodyTooLarge),
    ("Host: a\r\nContent-Length: 18446744073709551621\r\n\r\n", .bodyTooLarge),
    ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", .encodingUnknown),
    ("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", .encodingUnknown),
    ("Host: a\r\nTransfer-Encoding: chunked, gzip\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: identity\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: xchunked\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: chunked;a=b\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: \"chunked\"\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: ,chunked\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: chunked,\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding: chunked\u{B}\r\n", .fieldValueInvalid),
    ("Host: a\r\nTransfer-Encoding:\r\n", .encodingInvalid),
    ("Host: a\r\nTransfer-Encoding\r\n: chunked\r\n", .fieldNameInvalid),
    // Lines that one server joins, splits or passes over and another does not.
    ("Host: a\r\n folded\r\n", .fieldFolded), ("Host: a\r\n\tfolded\r\n", .fieldFolded),
    (" Host: a\r\n", .fieldFolded), ("Host: a\r\n \r\n", .fieldFolded),
    ("Host : a\r\n", .fieldNameSpaced), ("Host\t: a\r\n", .fieldNameSpaced),
    ("Content-Length : 5\r\n", .fieldNameSpaced), ("A B: c\r\n", .fieldNameSpaced),
    (": a\r\n", .fieldNameInvalid), ("Host\r\n", .fieldNameInvalid),
    ("Ho\0st: a\r\n", .fieldNameInvalid), ("H\u{E9}: a\r\n", .fieldNameInvalid),
    ("\"a\": a\r\n", .fieldNameInvalid), ("a[]: a\r\n", .fieldNameInvalid),
    ("Host: a\n", .lineFeedBare), ("Host: a\r\nX: b\nContent-Length: 5\r\n", .lineFeedBare),
    ("Host: a\r\n\n", .lineFeedBare), ("\n", .lineFeedBare),
    ("X: a\rContent-Length: 5\r\n", .fieldValueInvalid), ("X: a\r\r\n", .fieldValueInvalid),
    ("X: a\0\r\n", .fieldValueInvalid), ("X: a\u{8}\r\n", .fieldValueInvalid),
    ("X: \u{7F}\r\n", .fieldValueInvalid), ("X: a\u{C}\r\n", .fieldValueInvalid),
    ("\rX: a\r\n", .fieldNameInvalid), ("X\r: a\r\n", .fieldNameInvalid),
    // Whom it is for.
    ("\r\n", .hostMissing), ("X: a\r\n\r\n", .hostMissing),
    ("Host: a\r\nHost: a\r\n", .fieldRepeated(.host)),
    ("Host: a\r\nhost: b\r\n", .fieldRepeated(.host)),
    ("Host: a b\r\n", .hostInvalid), ("Host: a/b\r\n", .hostInvalid),
    ("Host: u@a\r\n", .hostInvalid), ("Host: a?b\r\n", .hostInvalid),
    ("Host: \u{E9}\r\n", .hostInvalid), ("Host: a\\b\r\n", .hostInvalid),
    // What must be said once.
    ("Host: a\r\nAuthorization: a\r\nAuthorization: b\r\n", .fieldRepeated(.authorization)),
    ("Host: a\r\nRange: bytes=0-1\r\nRange: bytes=1-2\r\n", .fieldRepeated(.range)),
    ("Host: a\r\nExpect: 100-continue\r\nExpect: x\r\n", .fieldRepeated(.expect)),
    ("Host: a\r\nOrigin: a\r\nOrigin: b\r\n", .fieldRepeated(.origin)),
  ]

  /// After a head that announces chunks.
  static let chunks: [(String, HTTPError)] = [
    ("\r\n", .chunkSizeInvalid), (" 1\r\n", .chunkSizeInvalid), ("g\r\n", .chunkSizeInvalid),
    ("0x1\r\n", .chunkSizeInvalid), ("+1\r\n", .chunkSizeInvalid), ("-1\r\n", .chunkSizeInvalid),
    ("1_\r\n", .chunkSizeInvalid), ("1 \r\n", .chunkSizeInvalid), ("1\t\r\n", .chunkSizeInvalid),
    ("1 1\r\n", .chunkSizeInvalid), ("1\0\r\n", .chunkSizeInvalid), (";a\r\n", .chunkSizeInvalid),
    ("1\nx", .chunkSizeInvalid), ("1\rx", .chunkLineInvalid), ("1;\r\n", .chunkLineInvalid),
    ("1; \r\n", .chunkLineInvalid), ("1;=b\r\n", .chunkLineInvalid), ("1;\nx", .chunkLineInvalid),
    ("1;a\nx\r\n0\r\n\r\n", .chunkLineInvalid), ("1;a\rb\r\n", .chunkLineInvalid),
    ("1;a=\0\r\n", .chunkLineInvalid), ("65\r\n", .bodyTooLarge),
    ("FFFFFFFFFFFFFFFF\r\n", .bodyTooLarge), ("10000000000000005\r\n", .bodyTooLarge),
    ("64\r\n" + String(repeating: "x", count: 100) + "\r\n1\r\n", .bodyTooLarge),
    (String(repeating: "0", count: 255) + "\r\n", .chunkLineTooLong),
    ("1;" + String(repeating: "a", count: 253) + "\r\n", .chunkLineTooLong),
    ("1\r\nxx", .chunkEndMissing), ("1\r\nx\n", .chunkEndMissing), ("1\r\nx\rx", .chunkEndMissing),
    ("1\r\nx0\r\n\r\n", .chunkEndMissing), ("0\r\n\n", .lineFeedBare),
    ("0\r\nGET / HTTP/1.1\r\n", .fieldNameSpaced), ("0\r\n a: b\r\n", .fieldFolded),
    ("0\r\na : b\r\n", .fieldNameSpaced), ("0\r\na\r\n", .fieldNameInvalid),
    ("0\r\na: b\n", .lineFeedBare), ("0\r\na: b\rc", .fieldValueInvalid),
    ("0\r\na: \0\r\n", .fieldValueInvalid), ("0\r\n:\r\n", .fieldNameInvalid),
    ("0\r\na: b\r\n c\r\n", .fieldFolded), ("0\r\n\rx", .fieldValueInvalid),
    ("0\r\n" + String(repeating: "a:\r\n", count: Limits.httpFieldsMax + 1), .fieldsTooMany),
  ]

  static let all =
    lines + fields.map { ("POST / HTTP/1.1\r\n" + $0, $1) }
    + chunks.map { ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + $0, $1) }
    + [
      ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", .encodingTooNew),
      ("GET / HTTP/1.1\r\n\r\n", .hostMissing),
    ]

  @Test(arguments: all)
  func `what is ambiguous is refused, however it is split`(_ input: String, _ error: HTTPError) {
    let input = bytes(input)
    let transcript = DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: [input.count])
    #expect(transcript == ["refused: \(error)"])
    #expect(DecoderVerifier.differences(HTTPDecoder.self, input) == [])
  }

  @Test func `a refusal stays, whatever follows`() {
    for (input, error) in Self.all {
      let more = bytes(input) + bytes("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let transcript = DecoderVerifier.transcript(HTTPDecoder.self, more, pieces: [more.count])
      #expect(transcript == ["refused: \(error)"], "\(input)")
    }
  }

  @Test func `long trailers and chunks that are mostly framing are refused`() {
    let trailers =
      "0\r\n" + String(repeating: "a: " + String(repeating: "b", count: 1_000) + "\r\n", count: 40)
    let sizes = String(
      repeating: "1;" + String(repeating: "a", count: 200) + "\r\nx\r\n", count: 100)
    for (input, expected) in [(trailers, HTTPError.fieldsTooLarge), (sizes, .chunkLineTooLong)] {
      for piece in [1, 13, input.utf8.count] {
        let input = bytes(input)
        var reader = HTTPBodyReader(.chunked, bytesMax: 1_000)
        var step = HTTPBodyReader.BodyStep.partial
        for start in stride(from: 0, to: input.count, by: piece) where step == .partial {
          step = unsafe reader.discard(
            input.span.bytes.extracting(start..<min(start + piece, input.count)))
        }
        #expect(step == .refused(expected))
      }
    }
  }

  @Test func `small chunks without extensions are no attack`() {
    var reader = HTTPBodyReader(.chunked, bytesMax: 100_000)
    let input = bytes(String(repeating: "1\r\nx\r\n", count: 100_000) + "0\r\n\r\n")
    #expect(unsafe reader.discard(input.span.bytes) == .complete(length: input.count))
  }

  @Test func `statuses are those that the standard names`() {
    let statuses: [(HTTPError, HTTPStatus)] = [
      (.targetTooLong, .targetTooLong), (.fieldsTooLarge, .fieldsTooLarge),
      (.fieldsTooMany, .fieldsTooLarge), (.bodyTooLarge, .contentTooLarge),
      (.encodingUnknown, .notImplemented), (.versionNotSupported, .versionNotSupported),
      (.lengthAndEncoding, .badRequest), (.requestTooSlow, .requestTimeout),
    ]
    for (error, status) in statuses { #expect(error.status == status) }
    for (_, error) in Self.all {
      #expect(!error.description.contains("\n") && !error.description.isEmpty)
    }
  }
}
