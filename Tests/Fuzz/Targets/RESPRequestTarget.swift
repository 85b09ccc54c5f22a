import ProxyCore
import TestSupport

/// The parser of RESP requests: the same in pieces as at once, for friends and strangers, and what it
/// makes of an inline command is a command.
enum RESPRequestTarget {
  static func run(_ input: [UInt8]) {
    compare(Requests.self, input)
    compare(StrangersRequests.self, input)
    compare(RelayedRequests.self, input)
  }

  static func compare<Decoder: VerifiableDecoder & ~Copyable>(
    _ type: Decoder.Type, _ input: [UInt8]
  ) {
    let whole = DecoderVerifier.transcript(type, input, pieces: [input.count])
    for pieces in pieces(of: input) {
      let cut = DecoderVerifier.transcript(type, input, pieces: pieces)
      demand(cut == whole, "\(type): \(cut) in \(pieces), \(whole) at once")
    }
  }

  private static func words(_ table: borrowing ArgumentTable, in request: RawSpan) -> [[UInt8]] {
    (0..<table.count).map { table.bytes($0, in: request).array }
  }

  struct Requests: VerifiableDecoder, ~Copyable {
    var parser = RequestParser()

    init() {
      parser.largeThreshold = 32
      parser.bufferedArgumentsMax = 3
      parser.bufferedBytesMax = 80
    }

    mutating func decode(_ bytes: RawSpan) -> DecoderStep {
      switch parser.parse(bytes) {
      case .needsMore(let count):
        demand(count >= 1, "a hint of \(count)")
        return .needsMore
      case .command(let length):
        return .decoded("\(words(parser.arguments, in: bytes))", consumed: length)
      case .inlineCommand(let length):
        let words = words(parser.arguments, in: parser.canonical.bytes)
        Self.expectCommand(parser.canonical.bytes.array, words)
        return .decoded("\(words)", consumed: length)
      case .nothing(let length): return .decoded("nothing", consumed: length)
      case .large(let large):
        demand(
          (large.length > 32 || large.isOverall) && large.headLength <= bytes.byteCount, "\(large)")
        parser.keepBuffering()
        return decode(bytes)
      case .refused(let error): return .refused(error.description)
      }
    }

    private static func expectCommand(_ canonical: [UInt8], _ words: [[UInt8]]) {
      var parser = RequestParser()
      parser.largeThreshold = .max
      parser.bufferedArgumentsMax = .max
      let verdict = parser.parse(canonical.rawSpan)
      demand(verdict == .command(length: canonical.count), "\(words) became \(canonical)")
      let again = RESPRequestTarget.words(parser.arguments, in: canonical.rawSpan)
      demand(again == words, "\(words) became \(again)")
    }
  }

  struct StrangersRequests: VerifiableDecoder, ~Copyable {
    var inner = Requests()

    init() { inner.parser.isAuthenticated = false }

    mutating func decode(_ bytes: RawSpan) -> DecoderStep { inner.decode(bytes) }
  }

  struct RelayedRequests: VerifiableDecoder, ~Copyable {
    var parser = RequestParser()
    var relay: RequestRelay?
    /// What the relay has seen; it stays in the verifier's buffer until the request ends.
    var seen = 0

    init() { parser.largeThreshold = 4 }

    mutating func decode(_ bytes: RawSpan) -> DecoderStep {
      if relay == nil {
        switch parser.parse(bytes) {
        case .needsMore: return .needsMore
        case .command(let length), .inlineCommand(let length), .nothing(let length):
          return .decoded("\(length)", consumed: length)
        case .refused(let error): return .refused(error.description)
        case .large(let large):
          relay = parser.relay()
          seen = large.headLength
        }
      }
      switch relay?.take(bytes.extracting(seen..<bytes.byteCount)) {
      case .complete(let length):
        relay = nil
        return .decoded("relayed", consumed: seen + length)
      case .refused(let error): return .refused(error.description)
      case .partial, nil:
        seen = bytes.byteCount
        return .needsMore
      }
    }
  }
}
