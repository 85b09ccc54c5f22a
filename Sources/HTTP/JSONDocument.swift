internal import ProxyCore

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
