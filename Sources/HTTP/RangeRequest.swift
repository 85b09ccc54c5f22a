internal import ProxyCore

/// The part of a value that a request asks for.
package enum RangeRequest: Equatable, Sendable {
  /// All of it. So are several parts, and what is no range of bytes: that may be answered whole.
  case whole
  /// From one byte to another, both included; to the end where the last is not named.
  case from(Int, through: Int?)
  /// So many bytes at the end.
  case last(Int)

  /// What a `Range` field says.
  init(_ text: RawSpan) {
    self = .whole
    guard text.byteCount > 6, text.extracting(0..<6).equalsIgnoringCase("bytes=") else { return }
    let set = FieldSyntax.trimmed(text, 6..<text.byteCount)
    guard let dash = text.firstOffset(of: UInt8(ascii: "-"), in: set) else { return }
    let end = dash &+ 1..<set.upperBound
    if dash == set.lowerBound {
      if let count = Self.position(text, end) { self = .last(count) }
      return
    }
    guard let first = Self.position(text, set.lowerBound..<dash) else { return }
    if end.isEmpty {
      self = .from(first, through: nil)
    } else if let last = Self.position(text, end), first <= last {
      self = .from(first, through: last)
    }
  }

  /// Digits and nothing else. What is past every value is as good as any number past it.
  private static func position(_ text: RawSpan, _ range: Range<Int>) -> Int? {
    if range.isEmpty { return nil }
    var position = 0
    for offset in range {
      let digit = unsafe text.byte(at: offset) &- UInt8(ascii: "0")  // in bounds: the range is
      if digit > 9 { return nil }
      position = min(position, 1 << 56) &* 10 &+ Int(digit)
    }
    return position
  }

  /// The bytes of a value of `count` bytes that are asked for; nil where it has none of them. Of an
  /// empty value everything is asked for, since clients set a range without knowing what there is.
  func bytes(of count: Int) -> Range<Int>? {
    if count == 0 { return 0..<0 }
    switch self {
    case .whole: return 0..<count
    case .from(let first, let last):
      guard first < count else { return nil }
      return first..<min(last ?? count, count &- 1) &+ 1
    case .last(let wanted): return wanted == 0 ? nil : max(0, count &- wanted)..<count
    }
  }
}
