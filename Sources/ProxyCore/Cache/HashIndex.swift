/// Finds entries by their hash: linear hashing over buckets of one cache line.
///
/// The index grows and shrinks by one bucket at a time, so that no insertion ever waits for a rehash and
/// memory follows the number of entries. A bucket names up to 12 entries and keeps 8 bits of each one's
/// hash beside them: an absent key nearly always costs one cache line, a present one that and its entry.
///
/// A chain is a bucket and those that continue it; only its last bucket may have room, and that at the end.
@safe
@usableFromInline
struct HashIndex: ~Copyable {
  @usableFromInline var primary: BucketArray
  @usableFromInline var bucketCount: UInt32 = 4
  @usableFromInline var entryCount = 0

  /// Buckets that continue others. Number 0 means none; free ones are linked through `continuation`.
  @usableFromInline var overflow: BucketArray
  @usableFromInline var overflowCount: UInt32 = 1
  @usableFromInline var overflowFree: UInt32 = 0

  /// nil where there is no memory for even an empty one.
  @usableFromInline
  init?(source: PageSource) {
    primary = BucketArray(source: source)
    overflow = BucketArray(source: source)
    guard primary.add(0) else { return nil }
    for number in 0..<bucketCount { unsafe Bucket(primary.bucket(number)).clear() }
  }

  /// The bytes of index that one entry costs on average, for those who keep a budget.
  @inlinable static var bytesPerEntry: Int { 10 }
  @inlinable static var entriesPerBucketMax: Int { 7 }
  @inlinable static var entriesPerBucketMin: Int { 3 }

  // MARK: Looking up

  /// The entries that may have this hash, one by one: each `next` is a candidate to compare.
  @inlinable
  @inline(__always)  // or else the compiler (6.3) copies the index for the call
  func probe(_ hash: UInt64) -> Probe {
    unsafe Probe(bucket: Bucket(primary.bucket(bucketNumber(hash))), tag: Self.tag(hash))
  }

  @inlinable
  func bucketNumber(_ hash: UInt64) -> UInt32 { Self.bucketNumber(hash, of: bucketCount) }

  /// The number of a hash's bucket where there are so many.
  @inlinable
  static func bucketNumber(_ hash: UInt64, of count: UInt32) -> UInt32 {
    let mask = wideMask(count)
    let wide = UInt32(truncatingIfNeeded: hash) & mask
    return wide >= count ? wide & (mask &>> 1) : wide
  }

  /// All hash bits that number a bucket once `count` is the number of one, too.
  @inlinable
  static func wideMask(_ count: UInt32) -> UInt32 { .max &>> UInt32(count.leadingZeroBitCount) }

  /// 8 bits that the bucket's number does not use, never 0.
  @inlinable
  static func tag(_ hash: UInt64) -> UInt8 {
    max(1, UInt8(truncatingIfNeeded: hash &>> 40))
  }

  @safe
  @usableFromInline
  struct Probe {
    @usableFromInline var bucket: Bucket
    @usableFromInline let tags: UInt64
    @usableFromInline var low: UInt64
    @usableFromInline var high: UInt64

    @inlinable
    init(bucket: Bucket, tag: UInt8) {
      unsafe self.bucket = bucket
      tags = UInt64(tag) &* 0x0101_0101_0101_0101
      unsafe low = Bucket.zeroBytes(bucket.tagsLow ^ tags)
      unsafe high = Bucket.zeroBytes(bucket.tagsHigh ^ tags)
    }

    /// The next candidate, or none.
    @inlinable
    @inline(__always)  // as above
    mutating func next(in index: borrowing HashIndex) -> Entry {
      while true {
        if low != 0 {
          let slot = low.trailingZeroBitCount &>> 3
          low &= low &- 1
          return unsafe bucket.entry(slot)
        }
        if high != 0 {
          let slot = 8 &+ high.trailingZeroBitCount &>> 3
          high &= high &- 1
          return unsafe bucket.entry(slot)
        }
        let continuation = unsafe bucket.continuation
        if continuation == 0 { return .none }
        unsafe bucket = Bucket(index.overflow.bucket(continuation))
        low = unsafe Bucket.zeroBytes(bucket.tagsLow ^ tags)
        high = unsafe Bucket.zeroBytes(bucket.tagsHigh ^ tags)
      }
    }
  }

  // MARK: Changing

  /// Files `entry` under `hash`; false where there is no memory for that. O(1).
  @inlinable
  mutating func insert<Store: EntryStore & ~Copyable>(
    _ entry: Entry, hash: UInt64, store: borrowing Store
  ) -> Bool {
    guard append(entry, tag: Self.tag(hash), toBucket: bucketNumber(hash)) else { return false }
    entryCount &+= 1
    if entryCount > Int(bucketCount) &* Self.entriesPerBucketMax { split(store) }
    return true
  }

  /// Strikes `entry`, which is filed under `hash`, off. O(1).
  @usableFromInline
  mutating func remove(_ entry: Entry, hash: UInt64) {
    let first = unsafe Bucket(primary.bucket(bucketNumber(hash)))
    guard let (holder, slot) = unsafe find(entry, from: first) else {
      preconditionFailure("an entry to remove is not in the index")
    }
    // What was filed last fills the gap.
    var last = unsafe first
    var beforeLast: Bucket?
    while unsafe last.continuation != 0 {
      unsafe beforeLast = last
      unsafe last = unsafe Bucket(overflow.bucket(last.continuation))
    }
    let lastSlot = unsafe last.used &- 1
    unsafe holder.set(slot, entry: last.entry(lastSlot), tag: last.tag(lastSlot))
    unsafe last.set(lastSlot, entry: .none, tag: 0)
    if lastSlot == 0, let before = unsafe beforeLast {
      unsafe freeOverflow(before.continuation)
      unsafe before.continuation = 0
    }
    entryCount &-= 1
    let enough = entryCount >= Int(bucketCount) &* Self.entriesPerBucketMin
    if !enough && bucketCount > 4 { mergeLast() }
  }

  /// Says that what `old` named, filed under `hash`, is now named `new`.
  @usableFromInline
  mutating func rename(_ old: Entry, to new: Entry, hash: UInt64) {
    let first = unsafe Bucket(primary.bucket(bucketNumber(hash)))
    guard let (holder, slot) = unsafe find(old, from: first) else {
      preconditionFailure("an entry that moved is not in the index")
    }
    unsafe holder.set(slot, entry: new, tag: holder.tag(slot))
  }

  @usableFromInline
  func find(_ entry: Entry, from first: Bucket) -> (Bucket, Int)? {
    var bucket = unsafe first
    while true {
      for slot in unsafe 0..<Bucket.slots {
        if unsafe bucket.entry(slot) == entry { return unsafe (bucket, slot) }
      }
      let continuation = unsafe bucket.continuation
      if continuation == 0 { return nil }
      unsafe bucket = Bucket(overflow.bucket(continuation))
    }
  }

  @usableFromInline
  mutating func append(_ entry: Entry, tag: UInt8, toBucket number: UInt32) -> Bool {
    var bucket = unsafe Bucket(primary.bucket(number))
    while unsafe bucket.continuation != 0 {
      unsafe bucket = Bucket(overflow.bucket(bucket.continuation))
    }
    let used = unsafe bucket.used
    if unsafe used < Bucket.slots {
      unsafe bucket.set(used, entry: entry, tag: tag)
    } else {
      guard let continuation = takeOverflow() else { return false }
      unsafe bucket.continuation = continuation
      unsafe Bucket(overflow.bucket(continuation)).set(0, entry: entry, tag: tag)
    }
    return true
  }

  // MARK: Growing and shrinking

  /// Adds a bucket and shares the entries of the one it descends from between the two. O(1). Without
  /// memory for it the chains grow longer instead.
  @inlinable
  mutating func split<Store: EntryStore & ~Copyable>(_ store: borrowing Store) {
    let added = bucketCount
    let mask = Self.wideMask(added)
    let parent = added & (mask &>> 1)
    guard primary.add(added) else { return }
    unsafe Bucket(primary.bucket(added)).clear()
    bucketCount &+= 1
    var chain = detachChain(parent)
    while let (entry, tag) = chain.takeLast(&self) {
      let home = UInt32(truncatingIfNeeded: store.hash(entry)) & mask
      // Two chains need no more buckets than the one whose buckets were just freed.
      let filed = append(entry, tag: tag, toBucket: home == added ? added : parent)
      assert(filed)
    }
  }

  /// Gives the entries of the last bucket back to the one it descends from. O(1).
  @usableFromInline
  mutating func mergeLast() {
    // One chain may need one bucket more than two.
    guard let spare = takeOverflow() else { return }
    freeOverflow(spare)
    let removed = bucketCount &- 1
    let parent = removed & (Self.wideMask(removed) &>> 1)
    var chain = detachChain(removed)
    while let (entry, tag) = chain.takeLast(&self) {
      let filed = append(entry, tag: tag, toBucket: parent)
      assert(filed)
    }
    bucketCount = removed
    primary.trim(to: removed)
  }

  /// The entries of a chain that was taken out of the index, given back one by one.
  @usableFromInline
  struct DetachedChain {
    @usableFromInline var entries: InlineArray<12, Entry>
    @usableFromInline var tags: InlineArray<12, UInt8>
    @usableFromInline var used: Int
    @usableFromInline var continuation: UInt32

    @usableFromInline
    init(_ bucket: Bucket) {
      entries = InlineArray { unsafe bucket.entry($0) }
      tags = InlineArray { unsafe bucket.tag($0) }
      used = unsafe bucket.used
      continuation = unsafe bucket.continuation
    }

    @usableFromInline
    mutating func takeLast(_ index: inout HashIndex) -> (Entry, UInt8)? {
      if used == 0 {
        if continuation == 0 { return nil }
        let number = continuation
        self = unsafe DetachedChain(Bucket(index.overflow.bucket(number)))
        index.freeOverflow(number)
      }
      used &-= 1
      return (entries[used], tags[used])
    }
  }

  @usableFromInline
  mutating func detachChain(_ number: UInt32) -> DetachedChain {
    let bucket = unsafe Bucket(primary.bucket(number))
    let chain = unsafe DetachedChain(bucket)
    unsafe bucket.clear()
    return chain
  }

  private mutating func takeOverflow() -> UInt32? {
    let number: UInt32
    if overflowFree != 0 {
      number = overflowFree
      overflowFree = unsafe Bucket(overflow.bucket(number)).continuation
    } else {
      number = overflowCount
      guard overflow.add(number) else { return nil }
      overflowCount &+= 1
    }
    unsafe Bucket(overflow.bucket(number)).clear()
    return number
  }

  private mutating func freeOverflow(_ number: UInt32) {
    unsafe Bucket(overflow.bucket(number)).continuation = overflowFree
    overflowFree = number
  }
}
