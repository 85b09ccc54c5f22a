import HTTP
import HTTPFront
import ProxyCore
import TestSupport

/// Requests of HTTP and the responses to them: the same in pieces as at once, and every response is one.
enum HTTPRequestTarget {
  static func run(_ input: [UInt8]) {
    RESPRequestTarget.compare(Decoder.self, input)
    answer(input)
  }

  /// The parser and, for bodies, the reader after it.
  struct Decoder: VerifiableDecoder, ~Copyable {
    var parser = HTTPRequestParser()
    var reader: HTTPBodyReader?
    var head = ""
    var body: [UInt8] = []
    /// What was read of a body; it stays in the verifier's buffer until the request ends.
    var read = 0

    init() {}

    mutating func decode(_ bytes: RawSpan) -> DecoderStep {
      if reader == nil {
        switch parser.parse(bytes) {
        case .needsMore(let count):
          demand(count >= 1, "a hint of \(count)")
          return .needsMore
        case .nothing(let length): return .decoded("nothing", consumed: length)
        case .refused(let error): return .refused("\(error)")
        case .request(let length):
          let target = bytes.extracting(parser.head.target).array
          head = "\(parser.head.method) \(target) \(parser.head.options) \(parser.head.body)"
          if parser.head.body == .none { return .decoded(head, consumed: length) }
          reader = HTTPBodyReader(parser.head.body, bytesMax: 1_000)
          read = length
        }
      }
      while true {
        let rest = bytes.extracting(read..<bytes.byteCount)
        switch reader?.take(rest) {
        case .data(let range):
          body += rest.extracting(range).array
          read += range.upperBound
        case .complete(let length):
          defer {
            reader = nil
            body = []
          }
          return .decoded("\(head) \(body)", consumed: read + length)
        case .refused(let error): return .refused("\(error)")
        case .partial, nil:
          read = bytes.byteCount
          return .needsMore
        }
      }
    }
  }

  // MARK: Responses

  private static let settings = {
    var settings = HTTPSettings()
    settings.allowsWrites = true
    settings.crossOrigin = CrossOrigin("http://a, https://b:8443") ?? .noOrigin
    settings.hosts = .local(["a"])
    return settings
  }()

  /// Answers each request in several ways.
  private static func answer(_ input: [UInt8]) {
    var parser = HTTPRequestParser()
    var offset = 0
    while true {
      let bytes = input.rawSpan.extracting(offset..<input.count)
      switch parser.parse(bytes) {
      case .request(let length):
        answer(parser.head, in: bytes)
        offset += length
      case .nothing(let length): offset += length
      case .needsMore: return
      case .refused(let error):
        return expectResponse(isHead: false) { $0.append(error, to: &$1) }
      }
    }
  }

  private static func answer(_ head: HTTPRequestHead, in bytes: RawSpan) {
    var request = HTTPRequest(head, in: bytes, settings)
    var keyBuffer = ByteBuffer()
    let purpose = request.purpose(head, in: bytes, settings, key: &keyBuffer)
    let key = keyBuffer.bytes.array
    let isHead = request.method == .head
    let outcome = CacheOutcome.hit(age: 1, timeToLive: 2)
    if case .problem(let problem) = purpose {
      return expectResponse(isHead: isHead) { $0.append(problem, for: request, to: &$1) }
    }
    for value in [[], Array("hello \"\\\u{1}".utf8), [0xFF, 0x00]] as [[UInt8]] {
      expectResponse(isHead: isHead) { writer, output in
        let value = HTTPValue(
          value.rawSpan, isText: value.rawSpan.isUTF8,
          hash: ContentHash(seed: 7).hash(value.rawSpan))
        writer.append(value, of: key.rawSpan, for: request, outcome, to: &output)
      }
    }
    expectResponse(isHead: isHead) {
      $0.append(.absent, for: request, .bypassed, to: &$1)
    }
    let reply = RESPErrorText(key)
    expectResponse(isHead: isHead) { writer, output in
      writer.append(HTTPProblem(errorReply: reply.bytes.rawSpan), for: request, to: &output)
    }
  }

  /// What a Redis may say of a key: its bytes, too.
  private struct RESPErrorText {
    let bytes: [UInt8]

    init(_ key: [UInt8]) { bytes = Array("ERR ".utf8) + key.prefix(100) }
  }

  private static func expectResponse(
    isHead: Bool, _ write: (borrowing HTTPResponseWriter, inout ByteBuffer) -> Void
  ) {
    let writer = HTTPResponseWriter(settings, now: .now)
    var output = ByteBuffer()
    write(writer, &output)
    var reader = ResponseReader(output.bytes.array)
    demand(reader.take(isHead: isHead), "\(String(decoding: reader.bytes, as: UTF8.self))")
    demand(reader.isAtEnd, "more than a response: \(String(decoding: reader.bytes, as: UTF8.self))")
  }
}

/// Reads responses as strictly as can be.
struct ResponseReader {
  let bytes: [UInt8]
  private var offset = 0
  private(set) var status = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  /// Whether a whole response comes next, and nothing in it that does not belong there.
  mutating func take(isHead: Bool) -> Bool {
    guard let first = line(), first.hasPrefix("HTTP/1.1 "), first.count > 13,
      let status = Int(first.dropFirst(9).prefix(3))
    else { return false }
    self.status = status
    var length: Int?
    while let line = line(), !line.isEmpty {
      guard let colon = line.firstIndex(of: ":"), !line.hasPrefix(":") else { return false }
      guard line[..<colon].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
      if line[..<colon] == "Content-Length" {
        if length != nil { return false }
        length = Int(line[line.index(colon, offsetBy: 2)...])
      }
    }
    let isBodiless = isHead || status == 304 || status == 204 || status == 100
    offset += isBodiless ? 0 : length ?? -1
    return offset <= bytes.count && (length != nil || isBodiless)
  }

  /// The next line; nil where it does not end as it should or has a control character in it.
  private mutating func line() -> String? {
    guard offset < bytes.count, let feed = bytes[offset...].firstIndex(of: 10),
      feed > offset, bytes[feed - 1] == 13
    else { return nil }
    let line = bytes[offset..<feed - 1]
    offset = feed + 1
    let isPlain = line.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    return isPlain ? String(decoding: line, as: UTF8.self) : nil
  }
}
