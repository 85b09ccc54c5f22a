package import ProxyCore

/// Strings of JSON (RFC 8259), quotes included.
enum JSONText {
  /// How long `appendJSON` makes `bytes`. O(n).
  static func count(of bytes: RawSpan, isText: Bool) -> Int {
    guard isText else { return ByteBuffer.base64Count(bytes.byteCount) &+ 2 }
    var count = bytes.byteCount &+ 2
    for offset in 0..<bytes.byteCount {
      count &+= extraBytes(unsafe bytes.byte(at: offset))  // in bounds by the loop
    }
    return count
  }

  static func mustBeEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// The letter that stands for `byte` behind a backslash; nil where its number has to.
  static func letter(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
    case 0x08: UInt8(ascii: "b")
    case 0x09: UInt8(ascii: "t")
    case 0x0A: UInt8(ascii: "n")
    case 0x0C: UInt8(ascii: "f")
    case 0x0D: UInt8(ascii: "r")
    default: nil
    }
  }

  private static func extraBytes(_ byte: UInt8) -> Int {
    mustBeEscaped(byte) ? (letter(byte) == nil ? 5 : 1) : 0
  }
}

extension ByteBuffer {
  /// Appends `bytes` as a string: as they are where they are UTF-8, and in base64 otherwise. O(n).
  package mutating func appendJSON(_ bytes: RawSpan, isText: Bool) {
    append(UInt8(ascii: "\""))
    if isText { appendEscaped(bytes) } else { appendBase64(bytes) }
    append(UInt8(ascii: "\""))
  }

  /// In runs of what needs no escape.
  private mutating func appendEscaped(_ bytes: RawSpan) {
    var run = 0
    for offset in 0..<bytes.byteCount {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      if !JSONText.mustBeEscaped(byte) { continue }
      append(bytes.extracting(run..<offset))
      run = offset &+ 1
      if let letter = JSONText.letter(byte) {
        append(2, bytesOf: UInt64(UInt8(ascii: "\\")) | UInt64(letter) &<< 8)
      } else {
        append("\\u00")
        append(UInt8(ascii: "0") &+ byte &>> 4)
        let digit = byte & 15
        append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
      }
    }
    append(bytes.extracting(run..<bytes.byteCount))
  }
}
