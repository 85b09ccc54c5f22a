internal import Glibc

extension RawSpan {
  /// The byte at `offset`, which the caller has proven to lie within. The check is left to debug builds
  /// because parsers compare against `byteCount` once for several bytes.
  @unsafe
  @inlinable  // parsers in other modules call it for every byte, which took a fifth of their time
  package func byte(at offset: Int) -> UInt8 {
    assert(offset >= 0 && offset < byteCount, "a byte outside of the span was asked for")
    return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// Four bytes from `offset` on, the first in the lowest bits; the caller has proven that they lie within.
  @unsafe
  func fourBytes(at offset: Int) -> UInt32 {
    assert(offset >= 0 && offset <= byteCount - 4, "bytes outside of the span were asked for")
    let word = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
    return UInt32(littleEndian: word)
  }

  /// Eight bytes from `offset` on, the first in the lowest bits; the caller has proven that they lie within.
  @unsafe
  @inlinable
  package func eightBytes(at offset: Int) -> UInt64 {
    assert(offset >= 0 && offset <= byteCount - 8, "bytes outside of the span were asked for")
    let word = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    return UInt64(littleEndian: word)
  }

  /// Where `byte` first stands in `range`, which is clamped to the span. O(n), some 30 bytes a nanosecond.
  package func firstOffset(of byte: UInt8, in range: Range<Int>) -> Int? {
    let range = range.clamped(to: 0..<byteCount)
    guard !range.isEmpty else { return nil }
    return unsafe withUnsafeBytes { whole in
      // In bounds: the range is clamped and not empty, so the base address exists.
      let start = unsafe whole.baseAddress.unsafelyUnwrapped
      guard let found = unsafe memchr(start + range.lowerBound, Int32(byte), range.count) else {
        return nil
      }
      return unsafe UnsafeRawPointer(found) - start
    }
  }

  /// Whether these are the same bytes. O(n)
  package func equals(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    return unsafe withUnsafeBytes { own in
      unsafe other.withUnsafeBytes { other in
        guard let start = own.baseAddress, let other = other.baseAddress else { return true }
        return unsafe memcmp(start, other, own.count) == 0
      }
    }
  }

  /// Whether these are the same bytes as `text`'s.
  package func equals(_ text: StaticString) -> Bool {
    guard byteCount == text.utf8CodeUnitCount else { return false }
    return unsafe withUnsafeBytes { own in
      guard let start = own.baseAddress else { return true }
      return unsafe memcmp(start, text.utf8Start, own.count) == 0
    }
  }

  /// Whether these are the same bytes as `text`'s but for the case of ASCII letters; `text` is in lower case.
  package func equalsIgnoringCase(_ text: StaticString) -> Bool {
    guard byteCount == text.utf8CodeUnitCount else { return false }
    for offset in 0..<byteCount {
      // In bounds: both have `byteCount` bytes.
      var byte = unsafe byte(at: offset)
      if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") { byte |= 0x20 }
      if unsafe byte != text.utf8Start[offset] { return false }
    }
    return true
  }

  /// A copy. O(n).
  package var array: [UInt8] {
    // All empty arrays are one, which threads would write to, were it made as the others are.
    if byteCount == 0 { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { copy, count in
      unsafe withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(copy).copyMemory(from: $0) }
      count = byteCount
    }
  }
}
