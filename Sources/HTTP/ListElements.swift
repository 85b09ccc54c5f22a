internal import ProxyCore

/// The elements of a list that commas part, without the empty ones. Commas between quotes part
/// nothing.
struct ListElements {
  private var rest: Range<Int>

  init(_ range: Range<Int>) { rest = range }

  /// The next element, without spaces around it. O(its bytes).
  mutating func next(in bytes: RawSpan) -> Range<Int>? {
    while !rest.isEmpty {
      var end = rest.lowerBound
      var isQuoted = false
      while end < rest.upperBound {
        let byte = unsafe bytes.byte(at: end)  // in bounds: the range is
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == UInt8(ascii: ",") && !isQuoted { break }
        end &+= 1
      }
      let element = FieldSyntax.trimmed(bytes, rest.lowerBound..<end)
      rest = min(end &+ 1, rest.upperBound)..<rest.upperBound
      if !element.isEmpty { return element }
    }
    return nil
  }
}
