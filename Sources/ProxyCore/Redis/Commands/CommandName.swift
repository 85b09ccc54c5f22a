extension RawSpan {
  /// The eight bytes from `offset` on, or those that are left, the first in the lowest bits, zero
  /// behind the last, ASCII capitals made small: what `tolower` does for Redis's own table.
  func foldedWord(at offset: Int) -> UInt64 {
    let left = byteCount &- offset
    guard offset >= 0 && left > 0 else { return 0 }
    var word: UInt64
    // In bounds: all loads lie within the `left` bytes from `offset` on.
    if left >= 8 {
      word = UInt64(unsafe fourBytes(at: offset))
      word |= UInt64(unsafe fourBytes(at: offset &+ 4)) &<< 32
    } else if left >= 4 {
      let shift = UInt64(truncatingIfNeeded: (left &- 4) &* 8)
      word = UInt64(unsafe fourBytes(at: offset))
      word |= UInt64(unsafe fourBytes(at: offset &+ left &- 4)) &<< shift
    } else {
      let middle = left &>> 1
      word = UInt64(unsafe byte(at: offset))
      word |= UInt64(unsafe byte(at: offset &+ middle)) &<< UInt64(truncatingIfNeeded: middle &* 8)
      let last = left &- 1
      word |= UInt64(unsafe byte(at: offset &+ last)) &<< UInt64(truncatingIfNeeded: last &* 8)
    }
    return Self.folded(word)
  }

  /// Adds 0x20 to the bytes from A to Z, all eight at once: sums that cannot carry into the next
  /// byte leave their verdict in its highest bit.
  private static func folded(_ word: UInt64) -> UInt64 {
    let low = word & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
    let pastZ = low &+ 0x2525_2525_2525_2525
    let capitals = (fromA & ~pastZ & ~word) & 0x8080_8080_8080_8080
    return word | capitals &>> 2
  }

  /// Whether these are the same bytes as `word`'s, which are in lower case, but for the case of
  /// ASCII letters.
  func equalsFolded(_ word: RawSpan) -> Bool {
    guard byteCount == word.byteCount else { return false }
    var offset = 0
    while offset < byteCount {
      if foldedWord(at: offset) != word.foldedWord(at: offset) { return false }
      offset &+= 8
    }
    return true
  }
}
