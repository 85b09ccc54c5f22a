import HTTP
import HTTPFront
import ProxyCore

/// The fields of HTTP requests that have a language of their own, a line each: Host, Range, Authorization,
/// If-None-Match, Accept. What a plain reading of them says is what is answered.
enum HTTPFieldTarget {
  static func run(_ input: [UInt8]) {
    let lines = input.split(
      separator: UInt8(ascii: "\n"), maxSplits: 4, omittingEmptySubsequences: false
    ).map { Array($0) }
    let checks = [expectHost, expectRange, expectPassword, expectCondition, expectForm]
    for (line, check) in zip(lines, checks) where line.count <= 1_000 { check(line) }
  }

  private static let password = "a:b"
  private static let value = Array("abcdefghijklmnopqrstuvwxyz".utf8)

  // MARK: What is answered

  /// The status and the body for a request with this field, and with Host where it is another one; nil where
  /// the field is refused as no field.
  private static func answer(
    _ name: String, _ field: [UInt8], _ change: (inout HTTPSettings) -> Void = { _ in }
  ) -> (status: Int, body: [UInt8])? {
    var settings = HTTPSettings()
    change(&settings)
    let host = name == "Host" ? "" : "Host: h\r\n"
    let bytes =
      Array("GET /k HTTP/1.1\r\n\(host)\(name): ".utf8) + field + Array("\r\n\r\n".utf8)
    var parser = HTTPRequestParser()
    guard case .request(bytes.count) = parser.parse(bytes.rawSpan) else { return nil }
    var request = HTTPRequest(parser.head, in: bytes.rawSpan, settings)
    var key = ByteBuffer()
    let purpose = request.purpose(parser.head, in: bytes.rawSpan, settings, key: &key)
    let writer = HTTPResponseWriter(settings, now: .now)
    var output = ByteBuffer()
    if case .problem(let problem) = purpose {
      writer.append(problem, for: request, to: &output)
    } else {
      writer.append(
        HTTPValue(
          value.rawSpan, isText: true, hash: ContentHash(seed: 7).hash(value.rawSpan)),
        of: key.bytes, for: request,
        .hit(age: 1, timeToLive: 2), to: &output)
    }
    let answer = output.bytes.array
    var reader = ResponseReader(answer)
    demand(reader.take(isHead: false) && reader.isAtEnd, String(decoding: answer, as: UTF8.self))
    let end = answer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
    return (reader.status, Array(answer[end...]))
  }

  private static func trimmed(_ text: some Sequence<UInt8>) -> [UInt8] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    return Array(Array(text).drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }

  private static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] {
    text.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
  }

  // MARK: Fields, read plainly

  private static func expectHost(_ field: [UInt8]) {
    guard let answer = answer("Host", field, { $0.hosts = .local(["Cache.A"]) }) else { return }
    let text = lowercased(trimmed(field))
    var name = text.prefix { $0 != UInt8(ascii: ":") }
    let isAddress =
      !name.isEmpty
      && name.allSatisfy { Character(UnicodeScalar($0)).isWholeNumber || $0 == 0x2E }
      && name.last != 0x2E
    if name.last == 0x2E { name.removeLast() }
    let isOurs =
      text.first == UInt8(ascii: "[") || isAddress || Array(name) == Array("localhost".utf8)
      || name.reversed().starts(with: ".localhost".utf8.reversed())
      || Array(name) == Array("cache.a".utf8)
    demand(answer.status == (isOurs ? 200 : 421), "\(answer.status) for \(field)")
  }

  private static func expectRange(_ field: [UInt8]) {
    guard let answer = answer("Range", field) else { return }
    let expected = part(trimmed(field))
    switch expected {
    case nil: demand(answer == (200, value), "\(answer) for \(field)")
    // Which of two such numbers is the larger one nobody has to know: then it may also be no range.
    case let part? where part.isEmpty:
      let isHuge = field.count > 40
      demand(
        answer.status == 416 || isHuge && answer == (200, value), "\(answer) for \(field)")
    case let part?: demand(answer == (206, Array(value[part])), "\(answer) for \(field)")
    }
  }

  /// Which bytes of the value are asked for, none where it does not have them; nil: all of it.
  private static func part(_ text: [UInt8]) -> Range<Int>? {
    guard lowercased(text.prefix(6)) == Array("bytes=".utf8) else { return nil }
    let ends = trimmed(text.dropFirst(6)).split(
      separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2 else { return nil }
    if ends[0].isEmpty {
      return number(ends[1]).map { max(0, value.count - $0)..<value.count }
    }
    guard let first = number(ends[0]) else { return nil }
    if !ends[1].isEmpty {
      guard let last = number(ends[1]), first <= last else { return nil }
      return first < value.count ? first..<min(value.count, last + 1) : 0..<0
    }
    return first < value.count ? first..<value.count : 0..<0
  }

  /// Digits; a number past all values is as good as another.
  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int(String(decoding: text, as: UTF8.self)).map { min($0, hugeNumber) } ?? hugeNumber
  }

  private static let hugeNumber = 1 << 56

  private static func expectPassword(_ field: [UInt8]) {
    let settings = { (settings: inout HTTPSettings) in settings.password = Array(password.utf8) }
    guard let answer = answer("Authorization", field, settings) else { return }
    let words = trimmed(field).split(
      separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false)
    let scheme = String(decoding: lowercased(words[0]), as: UTF8.self)
    let given = trimmed(words.count > 1 ? words[1] : [])
    var isRight = false
    if words.count > 1 && scheme == "bearer" { isRight = given == Array(password.utf8) }
    if words.count > 1 && scheme == "basic", let pair = decoded(given) {
      let parts = pair.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
      isRight = parts.count == 2 && Array(parts[1]) == Array(password.utf8)
    }
    demand(answer.status == (isRight ? 200 : 401), "\(answer.status) for \(field)")
  }

  /// Base64, with all of its padding or none.
  private static func decoded(_ text: [UInt8]) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let letters = text.prefix { $0 != UInt8(ascii: "=") }
    let padding = text.dropFirst(letters.count)
    let whole = (4 - letters.count % 4) % 4
    guard padding.allSatisfy({ $0 == UInt8(ascii: "=") }), whole != 3,
      padding.isEmpty || padding.count == whole
    else { return nil }
    var bits: [Bool] = []
    for letter in letters {
      guard let digit = alphabet.firstIndex(of: letter) else { return nil }
      bits += (0..<6).map { digit >> (5 - $0) & 1 == 1 }
    }
    return stride(from: 0, to: bits.count / 8 * 8, by: 8).map { start in
      bits[start..<start + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
    }
  }

  /// A value that the client has is not sent; only its tag, or any, says that it has it.
  private static func expectCondition(_ field: [UInt8]) {
    guard let answer = answer("If-None-Match", field) else { return }
    let tag = EntityTag(hash: ContentHash(seed: 7).hash(value.rawSpan), isJSON: false)
    let hash = String(tag.hash, radix: 16)
    let padded = String(repeating: "0", count: 16 - hash.count) + hash
    let text = String(decoding: field, as: UTF8.self)
    switch answer.status {
    case 304: demand(text.contains("\"\(padded)\"") || text.contains("*"), text)
    case 200: demand(trimmed(field) != Array("\"\(padded)\"".utf8), text)
    // There is a bound to how many may be named.
    default: demand(answer.status == 400 && field.count > 18 * Limits.httpTagsMax, text)
    }
  }

  private static func expectForm(_ field: [UInt8]) {
    guard let answer = answer("Accept", field) else { return }
    let json = Array("{\"key\": \"k\", \"value\": \"".utf8) + value + Array("\"}\n".utf8)
    let text = String(decoding: lowercased(field), as: UTF8.self)
    demand(answer == (200, value) || answer == (200, json) && text.contains("application/"), text)
  }
}
