internal import ProxyCore

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
