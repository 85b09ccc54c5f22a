/// A cache line of the index: 12 entries, 8 bits of each one's hash (0 where the place is free), and the
/// number of the bucket that continues this one. Places are taken from the front.
@unsafe
@usableFromInline
struct Bucket {
  @usableFromInline let memory: UnsafeMutableRawPointer

  @inlinable static var bytes: Int { 64 }
  @inlinable static var slots: Int { 12 }
  @inlinable static var tagsOffset: Int { 48 }
  @inlinable static var continuationOffset: Int { 60 }

  @inlinable
  init(_ memory: UnsafeMutableRawPointer) { unsafe self.memory = memory }

  @inlinable
  func clear() {
    unsafe memory.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
  }

  @inlinable var tagsLow: UInt64 { unsafe memory.load(fromByteOffset: 48, as: UInt64.self) }
  @inlinable var tagsHigh: UInt64 {
    UInt64(unsafe memory.load(fromByteOffset: 56, as: UInt32.self))
  }

  @inlinable
  func entry(_ slot: Int) -> Entry {
    unsafe Entry(memory.load(fromByteOffset: slot &* 4, as: UInt32.self))
  }

  @inlinable
  func tag(_ slot: Int) -> UInt8 {
    unsafe memory.load(fromByteOffset: Self.tagsOffset &+ slot, as: UInt8.self)
  }

  @inlinable
  func set(_ slot: Int, entry: Entry, tag: UInt8) {
    unsafe memory.storeBytes(of: entry.number, toByteOffset: slot &* 4, as: UInt32.self)
    unsafe memory.storeBytes(of: tag, toByteOffset: Self.tagsOffset &+ slot, as: UInt8.self)
  }

  @inlinable var continuation: UInt32 {
    get { unsafe memory.load(fromByteOffset: Self.continuationOffset, as: UInt32.self) }
    nonmutating set {
      unsafe memory.storeBytes(of: newValue, toByteOffset: Self.continuationOffset, as: UInt32.self)
    }
  }

  /// How many places are taken.
  @inlinable var used: Int {
    let freeLow = unsafe Self.zeroBytes(tagsLow)
    if freeLow != 0 { return freeLow.trailingZeroBitCount &>> 3 }
    // The four bytes beyond the tags read as zero here, so the count stops at 12 by itself.
    let freeHigh = unsafe Self.zeroBytes(tagsHigh)
    return 8 &+ freeHigh.trailingZeroBitCount &>> 3
  }

  /// The high bit of every byte of `word` that is zero, exactly.
  @inlinable
  static func zeroBytes(_ word: UInt64) -> UInt64 {
    let low7: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    return ~(((word & low7) &+ low7) | word | low7)
  }
}

extension Bucket {
  /// Every entry of a bucket and of those that continue it.
  @safe
  @usableFromInline
  struct Chain {
    @usableFromInline var bucket: Bucket
    @usableFromInline var slot = 0

    @usableFromInline
    init(_ index: borrowing HashIndex, number: UInt32) {
      unsafe bucket = Bucket(index.primary.bucket(number))
    }

    @usableFromInline
    mutating func next(_ index: borrowing HashIndex) -> Entry? {
      while true {
        if unsafe slot < Bucket.slots {
          defer { slot += 1 }
          return unsafe bucket.tag(slot) == 0 ? nil : bucket.entry(slot)
        }
        let continuation = unsafe bucket.continuation
        if continuation == 0 { return nil }
        unsafe bucket = Bucket(index.overflow.bucket(continuation))
        slot = 0
      }
    }
  }
}
