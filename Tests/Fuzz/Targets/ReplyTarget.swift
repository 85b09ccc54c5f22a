import ProxyCore
import TestSupport

/// What reads the replies of a server that may be anybody: the scanner, the tree, the short way for
/// values.
enum ReplyTarget {
  static func run(_ input: [UInt8]) {
    RESPRequestTarget.compare(Replies.self, input)
    RESPRequestTarget.compare(Fills.self, input)
  }

  struct Replies: VerifiableDecoder, ~Copyable {
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
        // What the scanner lets through is a value, or too much of one.
        let value = try? RESPValue(reading: bytes.extracting(0..<whole))
        return .decoded("\(value.map { "\($0)" } ?? "no tree")", consumed: whole)
      }
    }
  }

  struct Fills: VerifiableDecoder, ~Copyable {
    init() {}

    mutating func decode(_ bytes: RawSpan) -> DecoderStep {
      switch FillReply.read(bytes, valueMax: 100) {
      case .needsMore: return .needsMore
      case .value(let range, let length), .error(let range, let length):
        return .decoded("\(bytes.extracting(range).array)", consumed: length)
      case .integer(let value, let length): return .decoded("\(value)", consumed: length)
      case .absent(let length): return .decoded("absent", consumed: length)
      case .oversized(let count): return .refused("\(count)")
      case .other: return .refused("other")
      case .malformed(let defect): return .refused("\(defect)")
      }
    }
  }
}
