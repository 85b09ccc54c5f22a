internal import ProxyCore

/// The alphabets of RFC 9110, section 5.
package enum FieldSyntax {
  /// Whether `byte` may stand in a token: a method, the name of a field.
  static func isToken(_ byte: UInt8) -> Bool {
    isMember(byte, of: 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
  }

  /// Whether `byte` may stand in a host with its port.
  static func isHost(_ byte: UInt8) -> Bool {
    isMember(byte, of: 0x2FFF_7FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Whether `byte` may stand in the value of a field.
  static func isValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

  /// Whether the bytes in `range` may be the value of a field. O(n), eight at a time.
  static func isValue(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    if !hasControls(bytes, range, below: 0x20) { return true }
    for offset in range where unsafe !isValue(bytes.byte(at: offset)) { return false }
    return true
  }

  /// Whether the bytes in `range` may be a request target: no space, nothing that cannot be seen.
  static func isTarget(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    !range.isEmpty && !hasControls(bytes, range, below: 0x21)
  }

  /// Where a request target that begins at `start` ends: at the first byte that cannot stand in one. O(n),
  /// eight at a time.
  package static func targetEnd(_ bytes: RawSpan, from start: Int) -> Int {
    var offset = start
    // In bounds: every step is compared with the end.
    while offset &+ 8 <= bytes.byteCount {
      let found = controls(in: unsafe bytes.eightBytes(at: offset), below: 0x21)
      // Nothing is borrowed from below the first.
      if found != 0 { return offset &+ found.trailingZeroBitCount / 8 }
      offset &+= 8
    }
    while offset < bytes.byteCount {
      let byte = unsafe bytes.byte(at: offset)
      if byte < 0x21 || byte == 0x7F { break }
      offset &+= 1
    }
    return offset
  }

  /// Whether there is a byte less than `bound` (at most 128) or 0x7F in `range`, which lies in
  /// `bytes`.
  private static func hasControls(_ bytes: RawSpan, _ range: Range<Int>, below bound: UInt8) -> Bool
  {
    var offset = range.lowerBound
    // In bounds: the range is, and every step is compared with its end.
    if range.count >= 8 {
      let last = range.upperBound &- 8
      while offset < last {
        if controls(in: unsafe bytes.eightBytes(at: offset), below: bound) != 0 { return true }
        offset &+= 8
      }
      return controls(in: unsafe bytes.eightBytes(at: last), below: bound) != 0
    }
    while offset < range.upperBound {
      let byte = unsafe bytes.byte(at: offset)
      if byte < bound || byte == 0x7F { return true }
      offset &+= 1
    }
    return false
  }

  /// Such bytes of a word, their highest bits: what borrows from that bit without having it was too small. A
  /// byte above such a one may be taken for one too.
  private static func controls(in word: UInt64, below bound: UInt8) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let deletes = word ^ (ones &* 0x7F)
    let borrowed =
      (word &- ones &* UInt64(bound)) & ~word | (deletes &- ones) & ~deletes
    return borrowed & (ones &* 0x80)
  }

  private static func isMember(_ byte: UInt8, of low: UInt64, _ high: UInt64) -> Bool {
    byte < 128 && ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 != 0
  }

  /// `range` without the spaces at its ends.
  static func trimmed(_ bytes: RawSpan, _ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    // In bounds: the range is.
    while start < end, isSpace(unsafe bytes.byte(at: start)) { start &+= 1 }
    while start < end, isSpace(unsafe bytes.byte(at: end &- 1)) { end &-= 1 }
    return start..<end
  }
}
