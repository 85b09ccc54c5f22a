/// Any bytes, as a line of a log can have them: nothing in them ends the line or the quotes around them.
extension ByteBuffer {
  /// Appends `bytes` in quotes as redis-cli shows them: what is no printable ASCII as `\n` or `\xff`. What
  /// is beyond `limit` is left out, and three dots follow the quotes. O(n).
  package mutating func appendQuoted(_ bytes: RawSpan, limit: Int = .max) {
    append(UInt8(ascii: "\""))
    for offset in 0..<min(bytes.byteCount, limit) {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): appendEscape(byte)
      case 0x20...0x7E: append(byte)
      case 0x09: appendEscape(UInt8(ascii: "t"))
      case 0x0A: appendEscape(UInt8(ascii: "n"))
      case 0x0D: appendEscape(UInt8(ascii: "r"))
      default:
        append("\\x")
        appendHexadecimal(byte)
      }
    }
    append(UInt8(ascii: "\""))
    if bytes.byteCount > limit { append("...") }
  }

  /// Appends `bytes` as a string of JSON. What is not UTF-8 is the replacement character, a byte each; what
  /// is beyond `limit` is left out, and three dots end the string. O(n).
  package mutating func appendJSONString(_ bytes: RawSpan, limit: Int = .max) {
    append(UInt8(ascii: "\""))
    appendJSONText(bytes, limit: limit)
    append(UInt8(ascii: "\""))
  }

  private mutating func appendJSONText(_ bytes: RawSpan, limit: Int) {
    let end = min(bytes.byteCount, limit)
    var offset = 0
    while offset < end {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      if byte >= 0x80 {
        let length = bytes.scalarLength(at: offset)
        if length == 0 {
          append("\u{FFFD}")
        } else if bytes.isControl(at: offset) {
          append("\\u00")
          appendHexadecimal(unsafe bytes.byte(at: offset &+ 1))  // in bounds: it has two bytes
        } else if let scalar = bytes.director(at: offset) {
          append("\\u")
          appendHexadecimal(UInt8(truncatingIfNeeded: scalar &>> 8))
          appendHexadecimal(UInt8(truncatingIfNeeded: scalar))
        } else {
          append(bytes.extracting(offset..<offset &+ length))
        }
        offset &+= max(1, length)
        continue
      }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        appendEscape(byte)
      } else if byte < 0x20 || byte == 0x7F {
        append("\\u00")
        appendHexadecimal(byte)
      } else {
        append(byte)
      }
      offset &+= 1
    }
    if offset < bytes.byteCount { append("...") }
  }

  /// Appends `bytes` as a text for people: what is not printable becomes a space, and what is beyond `limit`
  /// three dots. O(n).
  package mutating func appendPlainText(_ bytes: RawSpan, limit: Int = .max) {
    var offset = 0
    while offset < min(bytes.byteCount, limit) {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      if byte >= 0x80, let scalar = bytes.director(at: offset) {
        append(UInt8(ascii: " "))
        offset &+= scalar < 0x800 ? 2 : 3
        continue
      }
      let isControl = bytes.isControl(at: offset)
      append(isControl || byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte)
      offset &+= isControl ? 2 : 1
    }
    if bytes.byteCount > limit { append("...") }
  }

  private mutating func appendEscape(_ letter: UInt8) {
    append(2, bytesOf: UInt64(UInt8(ascii: "\\")) | UInt64(letter) &<< 8)
  }

  private mutating func appendHexadecimal(_ byte: UInt8) {
    for digit in [byte &>> 4, byte & 15] {
      append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
    }
  }
}

extension RawSpan {
  fileprivate func scalarLength(at offset: Int) -> Int {
    unsafe withUnsafeBytes { unsafe Self.scalarLength($0, at: offset) }
  }
}

extension RawSpan {
  /// Whether one of the controls U+0080 to U+009F stands there, in UTF-8: terminals obey some of them.
  fileprivate func isControl(at offset: Int) -> Bool {
    guard offset <= byteCount &- 2 else { return false }
    // In bounds: guarded above.
    return unsafe byte(at: offset) == 0xC2 && (0x80..<0xA0).contains(byte(at: offset &+ 1))
  }

  /// The character there, in UTF-8, if it decides how those around it are shown: it turns their direction
  /// around, or ends the line to some programs.
  fileprivate func director(at offset: Int) -> UInt16? {
    // In bounds: what is looked at is before the end.
    let count = byteCount &- offset
    guard count >= 2 else { return nil }
    let (first, second) = unsafe (byte(at: offset), byte(at: offset &+ 1))
    if first == 0xD8 && second == 0x9C { return 0x061C }
    guard first == 0xE2, second == 0x80 || second == 0x81, count >= 3 else { return nil }
    let third = unsafe byte(at: offset &+ 2)
    guard third & 0xC0 == 0x80 else { return nil }
    let scalar = 0x2000 | UInt16(second & 0x3F) &<< 6 | UInt16(third & 0x3F)
    switch scalar {
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: return scalar
    default: return nil
    }
  }
}
