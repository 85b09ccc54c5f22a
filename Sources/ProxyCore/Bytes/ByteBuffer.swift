internal import Glibc

/// Bytes on their way: written at the back, read at the front, in memory that grows by doubling and is
/// kept until `release`.
///
/// Appending is O(1) amortized a byte, consuming O(1). An empty buffer that was never written owns nothing.
@safe
package struct ByteBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0

  package init() { unsafe base = nil }

  /// An empty buffer that has room for so many bytes.
  package init(minimumCapacity: Int) {
    unsafe base = nil
    if minimumCapacity > 0 { grow(toHold: minimumCapacity) }
  }

  deinit { unsafe free(base) }

  package var count: Int { end &- start }
  package var isEmpty: Bool { end == start }
  package var allocated: Int { capacity }

  /// What is waiting to be read.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let waiting = unsafe UnsafeRawBufferPointer(
        start: base.map { unsafe $0 + start }, count: count)
      return unsafe _overrideLifetime(waiting.bytes, borrowing: self)
    }
  }

  package mutating func append(_ byte: UInt8) {
    reserve(1)
    unsafe base.unsafelyUnwrapped.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
    end &+= 1
  }

  /// Appends the lowest `count` bytes of `word`, at most eight, the lowest first: for what is short, without
  /// a call to copy it.
  package mutating func append(_ count: Int, bytesOf word: UInt64) {
    precondition(count >= 0 && count <= 8, "a word has eight bytes")
    reserve(8)
    unsafe base.unsafelyUnwrapped.storeBytes(
      of: word.littleEndian, toByteOffset: end, as: UInt64.self)
    end &+= count
  }

  package mutating func appendLineEnd() { append(2, bytesOf: 0x0A0D) }

  package mutating func append(_ text: StaticString) {
    unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ span: RawSpan) {
    unsafe span.withUnsafeBytes { unsafe append($0) }
  }

  package mutating func append(_ source: UnsafeRawBufferPointer) {
    guard let from = source.baseAddress, source.count > 0 else { return }
    reserve(source.count)
    unsafe memcpy(base.unsafelyUnwrapped + end, from, source.count)
    end &+= source.count
  }

  /// Lets `body` write up to as many bytes as it finds room for, at least `minimum`, and say how many it wrote.
  package mutating func appendInPlace<Failure: Error>(
    minimum: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    reserve(max(1, minimum))
    let spare = unsafe UnsafeMutableRawBufferPointer(
      start: base.unsafelyUnwrapped + end, count: capacity &- end)
    let written = try unsafe body(spare)
    precondition(written >= 0 && written <= spare.count, "more was written than there is room for")
    end &+= written
  }

  /// Forgets the first `count` bytes.
  package mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "more was consumed than there is")
    start &+= count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Takes back what was appended after there were `count` bytes.
  package mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count, "there are not so many bytes")
    end = start &+ count
  }

  package mutating func removeAll() {
    start = 0
    end = 0
  }

  /// Gives the memory back.
  package mutating func release() {
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    start = 0
    end = 0
  }

  /// Makes room for `count` more bytes, by moving what waits to the front before by growing.
  package mutating func reserve(_ count: Int) {
    if capacity &- end < count { makeRoom(for: count) }
  }

  @inline(never)
  private mutating func makeRoom(for count: Int) {
    let waiting = self.count
    // Moving is worth it only where it frees at least as much as it moves: then it stays O(1) a byte.
    if start >= waiting, let base = unsafe base, capacity &- waiting >= count {
      unsafe memmove(base, base + start, waiting)
      start = 0
      end = waiting
    } else {
      // Always to the next size: growing to the same one for a few bytes would move all of them again
      // the next time.
      grow(toHold: max(waiting + count, capacity + 1))
    }
  }

  private mutating func grow(toHold needed: Int) {
    precondition(needed <= Self.capacityMax, "a buffer without bound")
    var size = max(capacity, Self.capacityMin)
    while size < needed { size &*= 2 }
    guard let larger = unsafe malloc(size) else {
      fatalError("out of memory: a buffer needs \(size) bytes")  // as Swift's own allocations do
    }
    let waiting = count
    if let base = unsafe base { unsafe memcpy(larger, base + start, waiting) }
    unsafe free(base)
    unsafe base = larger
    capacity = size
    start = 0
    end = waiting
  }

  private static let capacityMin = 64
  /// Far beyond every bound in Limits; here so that doubling cannot overflow.
  private static let capacityMax = 1 << 46
}

extension ByteBuffer {
  /// Appends `value` in sixteen lower-case hexadecimal digits.
  package mutating func appendHexadecimal(_ value: UInt64) {
    append(8, bytesOf: Self.digits(of: UInt32(truncatingIfNeeded: value &>> 32)))
    append(8, bytesOf: Self.digits(of: UInt32(truncatingIfNeeded: value)))
  }

  /// Eight digits at once, the first in the lowest byte.
  private static func digits(of value: UInt32) -> UInt64 {
    var spread = UInt64(value.byteSwapped)
    spread = (spread | spread &<< 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread &<< 8) & 0x00FF_00FF_00FF_00FF
    // The high half of each byte comes first.
    spread = (spread &>> 4 | spread &<< 8) & 0x0F0F_0F0F_0F0F_0F0F
    // What is more than nine carries into the fifth bit; a letter is 39 beyond the character after
    // 9.
    let letters = (spread &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
  }
}
