internal import ProxyCore

/// The name of one representation of a value: the same for the same bytes on every instance before the same Redis,
/// another one for the JSON form of them.
package struct EntityTag: Equatable, Sendable {
  package let hash: UInt64
  package let isJSON: Bool

  package init(hash: UInt64, isJSON: Bool) {
    self.hash = hash
    self.isJSON = isJSON
  }

  /// The tag that `text` is, quotes included; nil where it is none of this server's.
  init?(_ text: RawSpan) {
    let isJSON = text.byteCount == Self.bytes &+ Self.jsonMark.utf8CodeUnitCount
    guard isJSON || text.byteCount == Self.bytes else { return nil }
    let end = text.byteCount &- 1
    // In bounds: the length is one of two.
    guard unsafe text.byte(at: 0) == UInt8(ascii: "\""),
      unsafe text.byte(at: end) == UInt8(ascii: "\""),
      !isJSON || text.extracting(Self.bytes &- 1..<end).equals(Self.jsonMark)
    else { return nil }
    var hash: UInt64 = 0
    for offset in 1..<Self.bytes &- 1 {
      let byte = unsafe text.byte(at: offset)
      guard let digit = byte.hexValue, byte > UInt8(ascii: "F") || byte <= UInt8(ascii: "9")
      else { return nil }
      hash = hash &<< 4 | UInt64(digit)
    }
    self.init(hash: hash, isJSON: isJSON)
  }

  func write(to output: inout ByteBuffer) {
    output.append(UInt8(ascii: "\""))
    output.appendHexadecimal(hash)
    if isJSON { output.append(Self.jsonMark) }
    output.append(UInt8(ascii: "\""))
  }

  /// With its quotes, and without the mark.
  private static let bytes = 18
  private static let jsonMark: StaticString = "-json"
}
