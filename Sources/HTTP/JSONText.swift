package import ProxyCore

/// A value as JSON: `{"key": "a", "value": "b"}` and a line end. What is not UTF-8 is in base64,
/// and marked:
/// `{"key": "a", "value": "/w==", "encoding": "base64"}`, with `keyEncoding` for the key.
struct JSONDocument: ~Escapable {
  private let key: RawSpan
  private let value: RawSpan
  private let isKeyText: Bool
  private let isValueText: Bool

  @_lifetime(copy key, copy value)
  init(key: RawSpan, value: RawSpan, isText: Bool) {
    self.key = key
    self.value = value
    isKeyText = key.isUTF8
    isValueText = isText
  }

  /// How long it is. O(n).
  var count: Int {
    var count = Self.start.utf8CodeUnitCount &+ Self.middle.utf8CodeUnitCount
    count &+= JSONText.count(of: key, isText: isKeyText)
    count &+= JSONText.count(of: value, isText: isValueText)
    if !isKeyText { count &+= Self.keyMark.utf8CodeUnitCount }
    if !isValueText { count &+= Self.valueMark.utf8CodeUnitCount }
    return count &+ Self.end.utf8CodeUnitCount
  }

  func write(to output: inout ByteBuffer) {
    output.append(Self.start)
    output.appendJSON(key, isText: isKeyText)
    if !isKeyText { output.append(Self.keyMark) }
    output.append(Self.middle)
    output.appendJSON(value, isText: isValueText)
    if !isValueText { output.append(Self.valueMark) }
    output.append(Self.end)
  }

  private static let start: StaticString = "{\"key\": "
  private static let keyMark: StaticString = ", \"keyEncoding\": \"base64\""
  private static let middle: StaticString = ", \"value\": "
  private static let valueMark: StaticString = ", \"encoding\": \"base64\""
  private static let end: StaticString = "}\n"
}

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
