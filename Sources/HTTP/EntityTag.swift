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

/// Which tags a condition names. Tags that this server does not make match nothing, and are not
/// kept.
package struct TagCondition: Sendable {
  private var matchesAny = false
  private var hashes = InlineArray<8, UInt64>(repeating: 0)
  private var count = 0
  /// A bit for each hash.
  private var jsonMarks: UInt8 = 0
  private(set) var isOverfull = false

  /// What `elements` name in `head`. A strong comparison is false for every tag that is called
  /// weak.
  init(_ elements: consuming FieldElements, in head: RawSpan, isStrong: Bool) {
    while let element = elements.next(in: head) {
      var text = head.extracting(element)
      if text.equals("*") { matchesAny = true }
      if text.byteCount > 2 && text.extracting(0..<2).equals("W/") {
        if isStrong { continue }
        text = text.extracting(2..<text.byteCount)
      }
      guard let tag = EntityTag(text) else { continue }
      if count == Limits.httpTagsMax {
        isOverfull = true
        return
      }
      hashes[count] = tag.hash
      if tag.isJSON { jsonMarks |= 1 &<< UInt8(count) }
      count &+= 1
    }
  }

  /// Whether it names `tag`; nil: a representation that has no tag.
  package func matches(_ tag: EntityTag?) -> Bool {
    if matchesAny { return true }
    guard let tag else { return false }
    for place in 0..<count {
      let isJSON = jsonMarks &>> UInt8(place) & 1 != 0
      if hashes[place] == tag.hash && isJSON == tag.isJSON { return true }
    }
    return false
  }
}
