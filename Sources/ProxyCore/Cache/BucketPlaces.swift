internal import Synchronization

/// Where the buckets of each shard lie, for those who want one fetched before they hold the shard's lock: what
/// takes longest about a look-up is to wait for its bucket.
///
/// These are hints. A shard writes its own when its index grows or shrinks, under its lock; they are read
/// without it, and one that has become untrue has the processor fetch a line in vain. Of a very large
/// shard only the first buckets have a place here.
@safe
struct BucketPlaces: ~Copyable {
  private let words: UnsafeMutablePointer<Atomic<UInt>>
  private let shards: Int

  /// Of each shard the number of its buckets, and then the addresses of their pages.
  private static let wordsPerShard = 64

  init(shards: Int) {
    self.shards = shards
    let count = shards * Self.wordsPerShard
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Atomic<UInt>>.stride, alignment: 64)
    unsafe words = memory.bindMemory(to: Atomic<UInt>.self, capacity: count)
    for word in 0..<count { unsafe (words + word).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe words.deinitialize(count: shards * Self.wordsPerShard)
    unsafe UnsafeMutableRawPointer(words).deallocate()
  }

  /// Those of one shard, which end with this.
  func ofShard(_ number: Int) -> Hints {
    precondition(number >= 0 && number < shards)
    return unsafe Hints(words: words + number &* Self.wordsPerShard)
  }

  @safe
  struct Hints {
    fileprivate let words: UnsafeMutablePointer<Atomic<UInt>>

    /// After what may have added a bucket to an index, or taken one away.
    func follow(_ index: borrowing HashIndex) {
      if unsafe words[0].load(ordering: .relaxed) != UInt(index.bucketCount) { begin(index) }
    }

    /// At the beginning of an index.
    func begin(_ index: borrowing HashIndex) {
      let count = UInt(index.bucketCount)
      let page = (Int(count) &- 1) &>> Int(BucketArray.bucketsPerPageBits)
      if page &+ 1 < BucketPlaces.wordsPerShard {
        let address = unsafe index.primary.pages.address(ofPage: UInt32(truncatingIfNeeded: page))
        unsafe words[page &+ 1].store(UInt(bitPattern: address), ordering: .relaxed)
      }
      unsafe words[0].store(count, ordering: .relaxed)
    }

    /// Where a hash's bucket lies, or lay; nil where that is not known.
    func bucket(_ hash: UInt64) -> UnsafeRawPointer? {
      let count = unsafe UInt32(truncatingIfNeeded: words[0].load(ordering: .relaxed))
      let number = HashIndex.bucketNumber(hash, of: count)
      let page = Int(number &>> BucketArray.bucketsPerPageBits)
      guard page &+ 1 < BucketPlaces.wordsPerShard else { return nil }
      let address = unsafe words[page &+ 1].load(ordering: .relaxed)
      if address == 0 { return nil }
      let offset = unsafe UInt(number & (BucketArray.bucketsPerPage &- 1)) &* UInt(Bucket.bytes)
      return unsafe UnsafeRawPointer(bitPattern: address &+ offset)
    }
  }
}
