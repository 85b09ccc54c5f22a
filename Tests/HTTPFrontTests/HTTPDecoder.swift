import ProxyCore
import TestSupport

@testable import HTTP
@testable import HTTPFront

/// Bytes as text for a transcript: ASCII as it is, the rest as `\xHH`.
func shown(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
      ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
  }.joined()
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Runs `body` on what a buffer holds.
func written(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
  var buffer = ByteBuffer()
  body(&buffer)
  return buffer.bytes.array
}

/// What a head says, in one line.
func shown(_ head: HTTPRequestHead, in bytes: RawSpan) -> String {
  var words = ["\(head.method)", shown(bytes.extracting(head.target).array)]
  if head.version == .oneZero { words.append("1.0") }
  if head.options.contains(.close) { words.append("close") }
  if head.options.contains(.keepAlive) { words.append("keep-alive") }
  let framing: Set<HTTPField> = [.host, .connection, .contentLength, .transferEncoding]
  for field in HTTPField.allCases where !framing.contains(field) && head.contains(field) {
    var elements: [String] = []
    var all = head.elements(field)
    while let element = all.next(in: bytes) {
      elements.append(shown(bytes.extracting(element).array))
    }
    words.append("\(field)=\(elements.joined(separator: ";"))")
  }
  return words.joined(separator: " ")
}

/// The parser, and for bodies the reader after it: heads and whole bodies.
struct HTTPDecoder: VerifiableDecoder, ~Copyable {
  var parser = HTTPRequestParser()
  var reader: HTTPBodyReader?
  var head = ""
  var body: [UInt8] = []
  /// Bytes that were read; they stay in the verifier's buffer until the request ends.
  var read = 0
  var bodyMax = 100

  init() {}

  mutating func decode(_ bytes: RawSpan) -> DecoderStep {
    if reader == nil {
      switch parser.parse(bytes) {
      case .needsMore(let count): return count >= 1 ? .needsMore : .refused("a hint of \(count)")
      case .nothing(let length): return .decoded("nothing", consumed: length)
      case .refused(let error): return .refused("\(error)")
      case .request(let length):
        head = shown(parser.head, in: bytes)
        if parser.head.body == .none { return .decoded(head, consumed: length) }
        reader = HTTPBodyReader(parser.head.body, bytesMax: bodyMax)
        read = length
      }
    }
    while true {
      switch reader?.take(bytes.extracting(read..<bytes.byteCount)) {
      case .data(let range):
        body += bytes.extracting(read..<bytes.byteCount).extracting(range).array
        read += range.upperBound
      case .complete(let length):
        let whole = read + length
        let text = "\(head) body=\(shown(body))"
        reader = nil
        body = []
        return .decoded(text, consumed: whole)
      case .refused(let error): return .refused("\(error)")
      case .partial, nil:
        read = bytes.byteCount
        return .needsMore
      }
    }
  }

  /// What becomes of `input`, all at once.
  static func transcript(_ input: String) -> [String] {
    DecoderVerifier.transcript(HTTPDecoder.self, Array(input.utf8), pieces: [input.utf8.count])
  }
}
