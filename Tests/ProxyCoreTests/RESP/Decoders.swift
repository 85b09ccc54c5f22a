import ProxyCore
import TestSupport

/// Bytes as text for a transcript: ASCII as it is, the rest as `\xHH`.
func shown(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
      ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
  }.joined()
}

func shown(_ table: borrowing ArgumentTable, in request: RawSpan) -> String {
  (0..<table.count).map { shown(table.bytes($0, in: request).array) }.joined(separator: "|")
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs `body` on what a buffer holds.
func written(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
  var buffer = ByteBuffer()
  body(&buffer)
  return buffer.bytes.array
}

/// The parser as clients meet it; large arguments are waited for.
struct RequestDecoder: VerifiableDecoder, ~Copyable {
  var parser = RequestParser()

  init() {
    parser.largeThreshold = 32
    parser.bufferedArgumentsMax = 3
    parser.bufferedBytesMax = 80
  }

  mutating func decode(_ bytes: RawSpan) -> DecoderStep {
    switch parser.parse(bytes) {
    case .needsMore(let count):
      return count >= 1 ? .needsMore : .refused("a hint of \(count)")
    case .command(let length):
      return .decoded(shown(parser.arguments, in: bytes), consumed: length)
    case .inlineCommand(let length):
      return .decoded(shown(parser.arguments, in: parser.canonical.bytes), consumed: length)
    case .nothing(let length): return .decoded("nothing", consumed: length)
    case .large:
      parser.keepBuffering()
      return decode(bytes)
    case .refused(let error): return .refused(error.description)
    }
  }
}

/// The same for a client that has not authenticated.
struct StrangerDecoder: VerifiableDecoder, ~Copyable {
  var inner = RequestDecoder()

  init() { inner.parser.isAuthenticated = false }

  mutating func decode(_ bytes: RawSpan) -> DecoderStep { inner.decode(bytes) }
}

/// The parser, with large arguments handed to a relay. Reports what was handed on.
struct RelayingDecoder: VerifiableDecoder, ~Copyable {
  var parser = RequestParser()
  var relay: RequestRelay?
  var head = ""
  /// Bytes that the relay was shown; they stay in the verifier's buffer until the request ends.
  var relayed = 0

  init() {
    parser.largeThreshold = 4
    parser.bufferedArgumentsMax = 3
    parser.bufferedBytesMax = 40
  }

  mutating func decode(_ bytes: RawSpan) -> DecoderStep {
    if relay == nil {
      switch parser.parse(bytes) {
      case .needsMore: return .needsMore
      case .command(let length):
        return .decoded(shown(parser.arguments, in: bytes), consumed: length)
      case .inlineCommand(let length): return .decoded("inline", consumed: length)
      case .nothing(let length): return .decoded("nothing", consumed: length)
      case .refused(let error): return .refused(error.description)
      case .large(let large):
        head = "\(shown(parser.arguments, in: bytes)) and \(large.length) of \(large.argumentCount)"
        relay = parser.relay()
        relayed = large.headLength
      }
    }
    let verdict = relay?.take(bytes.extracting(relayed..<bytes.byteCount))
    switch verdict {
    case .complete(let length):
      relay = nil
      return .decoded(head, consumed: relayed + length)
    case .refused(let error): return .refused(error.description)
    case .partial, nil:
      relayed = bytes.byteCount
      return .needsMore
    }
  }
}

/// The scanner and, where it says that a reply is complete, the tree of it.
struct ReplyDecoder: VerifiableDecoder, ~Copyable {
  var scanner = ReplyScanner()
  var scanned = 0

  init() {}

  mutating func decode(_ bytes: RawSpan) -> DecoderStep {
    switch scanner.scan(bytes.extracting(scanned..<bytes.byteCount)) {
    case .partial:
      scanned = bytes.byteCount
      return .needsMore
    case .malformed(let defect): return .refused("\(defect)")
    case .complete(let length):
      let whole = scanned + length
      scanned = 0
      do {
        let value = try RESPValue(reading: bytes.extracting(0..<whole))
        let kind = scanner.kind.map { "\($0)" } ?? "none"
        return .decoded("\(kind) \(value)", consumed: whole)
      } catch {
        return .refused("\(error)")
      }
    }
  }
}

struct FillDecoder: VerifiableDecoder, ~Copyable {
  init() {}

  mutating func decode(_ bytes: RawSpan) -> DecoderStep {
    switch FillReply.read(bytes, valueMax: 1000) {
    case .needsMore: .needsMore
    case .value(let range, let length):
      .decoded("value \(shown(bytes.extracting(range).array))", consumed: length)
    case .error(let range, let length):
      .decoded("error \(shown(bytes.extracting(range).array))", consumed: length)
    case .integer(let value, let length): .decoded("integer \(value)", consumed: length)
    case .absent(let length): .decoded("absent", consumed: length)
    case .oversized(let count): .refused("oversized \(count)")
    case .other: .refused("other")
    case .malformed(let defect): .refused("\(defect)")
    }
  }
}
