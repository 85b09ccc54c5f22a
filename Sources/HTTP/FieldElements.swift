internal import ProxyCore

/// The elements of a field that may come in several lines. The later lines are looked for only
/// then.
struct FieldElements {
  private let field: HTTPField
  private var elements: ListElements
  private let isRepeated: Bool
  /// Where the line at hand ends at the latest.
  private var position: Int
  private let end: Int

  init(_ field: HTTPField, first: Range<Int>?, isRepeated: Bool, length: Int) {
    self.field = field
    self.isRepeated = isRepeated
    elements = ListElements(first ?? 0..<0)
    position = first?.upperBound ?? length
    end = length
  }

  /// The next element; `head` is what the request's head was parsed from.
  mutating func next(in head: RawSpan) -> Range<Int>? {
    while true {
      if let element = elements.next(in: head) { return element }
      guard isRepeated, let value = nextValue(in: head) else { return nil }
      elements = ListElements(value)
    }
  }

  /// The value of the next line of this field. Lines were checked by the parser: each has a colon.
  private mutating func nextValue(in head: RawSpan) -> Range<Int>? {
    while let feed = head.firstOffset(of: UInt8(ascii: "\n"), in: position..<end) {
      let start = feed &+ 1
      guard let next = head.firstOffset(of: UInt8(ascii: "\n"), in: start..<end),
        let colon = head.firstOffset(of: UInt8(ascii: ":"), in: start..<next)
      else { return nil }
      position = next
      if HTTPField(head.extracting(start..<colon)) == field {
        return FieldSyntax.trimmed(head, colon &+ 1..<max(colon &+ 1, next &- 1))
      }
    }
    return nil
  }
}
