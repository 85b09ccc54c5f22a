/// Replies, as a server sends them. Types that RESP2 lacks are written the way Redis does it for a RESP2
/// client: maps as flat arrays, doubles as strings, booleans as 0 and 1.
extension ByteBuffer {
  package mutating func appendSimpleString(_ text: StaticString) {
    append(UInt8(ascii: "+"))
    append(text)
    appendLineEnd()
  }

  /// `text` with a space for each CR and LF, so that nothing can be smuggled in by it.
  package mutating func appendSimpleString(_ text: RawSpan) {
    append(UInt8(ascii: "+"))
    appendHarmless(text)
    appendLineEnd()
  }

  /// `text` begins with the code: `ERR no such key`.
  package mutating func appendError(_ text: StaticString) {
    append(UInt8(ascii: "-"))
    append(text)
    appendLineEnd()
  }

  /// `text` with a space for each CR and LF, so that nothing can be smuggled in by it.
  package mutating func appendError(_ text: RawSpan) {
    append(UInt8(ascii: "-"))
    appendHarmless(text)
    appendLineEnd()
  }

  package mutating func appendInteger(_ value: Int) {
    append(UInt8(ascii: ":"))
    appendDecimal(value)
    appendLineEnd()
  }

  /// The line before a string's bytes, which `\r\n` follows.
  package mutating func appendBulkHeader(length: Int) {
    appendHeader(.bulkString, length)
  }

  package mutating func appendBulk(_ bytes: RawSpan) {
    appendArgument(bytes)  // the one thing that requests and replies write alike
  }

  package mutating func appendBulk(_ bytes: [UInt8]) {
    appendArgument(bytes)
  }

  package mutating func appendNull(_ version: RESPVersion) {
    append(version == .three ? "_\r\n" : "$-1\r\n")
  }

  /// The null that stands for an array in RESP2: of a timed out `BLPOP`, an aborted `EXEC`.
  package mutating func appendNullArray(_ version: RESPVersion) {
    append(version == .three ? "_\r\n" : "*-1\r\n")
  }

  package mutating func appendArrayHeader(count: Int) {
    appendHeader(.array, count)
  }

  /// Twice as many values follow.
  package mutating func appendMapHeader(count: Int, _ version: RESPVersion) {
    if version == .three { appendHeader(.map, count) } else { appendHeader(.array, count &* 2) }
  }

  package mutating func appendSetHeader(count: Int, _ version: RESPVersion) {
    appendHeader(version == .three ? .set : .array, count)
  }

  package mutating func appendPushHeader(count: Int, _ version: RESPVersion) {
    appendHeader(version == .three ? .push : .array, count)
  }

  package mutating func appendBoolean(_ value: Bool, _ version: RESPVersion) {
    if version == .three {
      append(value ? "#t\r\n" : "#f\r\n")
    } else {
      appendInteger(value ? 1 : 0)
    }
  }

  /// The shortest digits that give `value` back. Costs a `String`.
  package mutating func appendDouble(_ value: Double, _ version: RESPVersion) {
    let digits = value.isNaN ? "nan" : value.description
    if version == .three {
      append(UInt8(ascii: ","))
      append(Array(digits.utf8))
      appendLineEnd()
    } else {
      appendBulk(Array(digits.utf8))
    }
  }

  /// `format` is three bytes, `txt` or `mkd`; where it is not, the string is written as a plain one.
  package mutating func appendVerbatim(
    _ bytes: RawSpan, format: RawSpan, _ version: RESPVersion
  ) {
    guard version == .three && format.byteCount == 3 else { return appendBulk(bytes) }
    appendHeader(.verbatimString, bytes.byteCount &+ 4)
    append(format)
    append(UInt8(ascii: ":"))
    append(bytes)
    appendLineEnd()
  }

  package mutating func appendBigNumber(_ digits: RawSpan, _ version: RESPVersion) {
    guard version == .three else { return appendBulk(digits) }
    append(UInt8(ascii: "("))
    appendHarmless(digits)
    appendLineEnd()
  }

  private mutating func appendHeader(_ kind: ReplyKind, _ count: Int) {
    guard count >= 0 && count <= Self.shortCountMax else {
      append(kind.rawValue)
      appendDecimal(count)
      return appendLineEnd()
    }
    // From the last byte to the first: each one moves the others up.
    var word: UInt64 = 0x0A0D
    var length = 3
    var rest = UInt64(truncatingIfNeeded: count)
    repeat {
      word = word &<< 8 | (UInt64(UInt8(ascii: "0")) &+ rest % 10)
      rest /= 10
      length &+= 1
    } while rest != 0
    append(length, bytesOf: word &<< 8 | UInt64(kind.rawValue))
  }

  /// With its kind and its line end it fills a word.
  private static let shortCountMax = 99_999

  private mutating func appendHarmless(_ text: RawSpan) {
    // In bounds by the loop.
    for offset in 0..<text.byteCount { append(Self.harmless(unsafe text.byte(at: offset))) }
  }

  /// `byte`, or a space where it would end a line.
  static func harmless(_ byte: UInt8) -> UInt8 {
    byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte
  }
}
