extension RequestParser {
  /// Splits an inline command into words, by Redis's rules, and writes it to `canonical` as a multibulk
  /// request with `arguments` pointing into that. False where quotes do not match.
  ///
  /// Words are separated by white space. `"…"` knows `\n \r \t \b \a \xHH` and takes any other escaped byte
  /// for itself, `'…'` knows `\'` alone; both may begin within a word, but only white space may follow them.
  mutating func splitInline(_ line: RawSpan) -> Bool {
    var words = ByteBuffer()
    var offset = 0
    while true {
      while offset < line.byteCount, Self.isSpace(unsafe line.byte(at: offset)) { offset &+= 1 }
      if offset >= line.byteCount { break }
      let start = words.count
      guard let end = Self.readWord(line, from: offset, into: &words) else { return false }
      arguments.append(Argument(offset: start, count: words.count &- start))
      offset = end
    }
    writeCanonical(words.bytes)
    return true
  }

  private mutating func writeCanonical(_ words: RawSpan) {
    canonical.release()
    canonical.appendCommand(argumentCount: arguments.count)
    for index in 0..<arguments.count {
      let word = arguments[index]
      canonical.appendArgument(words.extracting(word.range))
      let offset = canonical.count &- word.count &- 2
      arguments.replace(index, with: Argument(offset: offset, count: word.count))
    }
  }

  /// Appends the word at `start` and says where it ends; nil where a quote is left open, or is followed
  /// by something else than space.
  private static func readWord(
    _ line: RawSpan, from start: Int, into words: inout ByteBuffer
  ) -> Int? {
    var offset = start
    while offset < line.byteCount {
      let byte = unsafe line.byte(at: offset)  // in bounds by the loop
      offset &+= 1
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        return offset
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        guard let end = readQuoted(line, from: offset, by: byte, into: &words) else { return nil }
        guard end >= line.byteCount || isSpace(unsafe line.byte(at: end)) else { return nil }
        return end
      default:
        words.append(byte)
      }
    }
    return offset
  }

  /// Appends what stands from `start` to the closing quote and says what offset follows that.
  private static func readQuoted(
    _ line: RawSpan, from start: Int, by quote: UInt8, into words: inout ByteBuffer
  ) -> Int? {
    var offset = start
    while offset < line.byteCount {
      let byte = unsafe line.byte(at: offset)  // in bounds by the loop
      offset &+= 1
      if byte == quote { return offset }
      guard byte == UInt8(ascii: "\\"), offset < line.byteCount else {
        words.append(byte)
        continue
      }
      let escaped = unsafe line.byte(at: offset)  // in bounds: guarded above
      if quote == UInt8(ascii: "\"") {
        if let byte = hexByte(line, at: offset) {
          words.append(byte)
          offset &+= 3
        } else {
          words.append(meaning(ofEscaped: escaped))
          offset &+= 1
        }
      } else if escaped == quote {
        words.append(quote)
        offset &+= 1
      } else {
        words.append(byte)
      }
    }
    return nil
  }

  /// The byte that `xHH` at `offset` stands for.
  private static func hexByte(_ line: RawSpan, at offset: Int) -> UInt8? {
    guard line.byteCount &- offset >= 3, unsafe line.byte(at: offset) == UInt8(ascii: "x"),
      let high = unsafe line.byte(at: offset &+ 1).hexValue,
      let low = unsafe line.byte(at: offset &+ 2).hexValue
    else { return nil }
    return high << 4 | low
  }

  private static func meaning(ofEscaped byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "n"): UInt8(ascii: "\n")
    case UInt8(ascii: "r"): UInt8(ascii: "\r")
    case UInt8(ascii: "t"): UInt8(ascii: "\t")
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "a"): 0x07
    default: byte
    }
  }

  /// White space to C's `isspace`: vertical tabs and form feeds separate words without ending them.
  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
  }
}

extension RequestParser {
  /// Whether a command's name shows that a browser was lured into speaking HTTP to this port (`POST …`,
  /// `Host: …`). Such a connection is closed without a reply.
  package static func isCrossProtocol(_ name: RawSpan) -> Bool {
    name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:")
  }
}
