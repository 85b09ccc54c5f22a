/// The algorithm that both caches are: entries found by hash, kept in exact order of use, and dropped from
/// the old end of that order or when their deadline has come. It owns the order; `store` owns the rest.
///
/// The order is a ring through the sentinel, entry 0: its `older` is the entry used last, its `newer` the
/// one that is next to go. So linking and unlinking never asks whether an end was reached.
///
/// A hit moves its entry to the front by writing to four others that are seldom in the processor's cache,
/// and the lock's release would wait for those writes. So hits are only noted, and the notes are settled
/// many at once, when their waits overlap: always before anything else changes or asks for the order,
/// which therefore stays exact.
@usableFromInline
struct RecencyTable<Store: EntryStore & ~Copyable>: ~Copyable {
  @usableFromInline var notedCount = 0
  @usableFromInline var index: HashIndex
  @usableFromInline var store: Store
  /// Hits whose move to the front is still to be made, the earliest first: `notedCount` of them.
  @usableFromInline var noted = InlineArray<32, Entry>(repeating: .none)
  /// The buckets that the janitor has still to look at in this round.
  @usableFromInline var sweepPosition: UInt32 = 0

  /// nil where there is no memory for even an empty one.
  @inlinable
  init?(store: consuming Store, source: PageSource) {
    guard let index = HashIndex(source: source) else { return nil }
    self.index = index
    self.store = store
    unsafe self.store.links(.none).pointee = RecencyLinks(newer: .none, older: .none)
  }

  @inlinable var count: Int { index.entryCount }

  /// Makes `entry` the one used last. O(1).
  @inlinable
  mutating func touch(_ entry: Entry) {
    noted[notedCount] = entry
    notedCount &+= 1
    if notedCount == noted.count { settle() }
  }

  /// Makes the moves that hits have noted.
  @inlinable
  mutating func settle() {
    for number in 0..<notedCount { unsafe Prefetch.toWrite(store.links(noted[number])) }
    for number in 0..<notedCount {
      let links = unsafe store.links(noted[number]).pointee
      unsafe Prefetch.toWrite(store.links(links.newer))
      unsafe Prefetch.toWrite(store.links(links.older))
    }
    for number in 0..<notedCount {
      let entry = noted[number]
      unlink(entry)
      linkFirst(entry)
    }
    notedCount = 0
  }

  /// The entry that is next to go, or none. O(1).
  @inlinable
  mutating func oldest() -> Entry {
    settle()
    return unsafe store.links(.none).pointee.newer
  }

  /// Takes in an entry that the store has just made; false where there is no memory to file it. O(1).
  @inlinable
  mutating func add(_ entry: Entry, hash: UInt64) -> Bool {
    settle()
    guard index.insert(entry, hash: hash, store: store) else { return false }
    linkFirst(entry)
    return true
  }

  /// Strikes an entry off, for the store to free. O(1).
  @inlinable
  mutating func strikeOff(_ entry: Entry) {
    settle()
    index.remove(entry, hash: store.hash(entry))
    unlink(entry)
  }

  /// Follows an entry that the store moved: its contents, links included, are at `new` already. O(1).
  @inlinable
  mutating func follow(_ old: Entry, to new: Entry) {
    assert(notedCount == 0, "a noted entry must not move")
    let links = unsafe store.links(new).pointee
    unsafe store.links(links.newer).pointee.older = new
    unsafe store.links(links.older).pointee.newer = new
    index.rename(old, to: new, hash: store.hash(new))
  }

  @inlinable
  func linkFirst(_ entry: Entry) {
    let sentinel = unsafe store.links(.none)
    let former = unsafe sentinel.pointee.older
    unsafe store.links(entry).pointee = RecencyLinks(newer: .none, older: former)
    unsafe store.links(former).pointee.newer = entry
    unsafe sentinel.pointee.older = entry
  }

  @inlinable
  func unlink(_ entry: Entry) {
    let links = unsafe store.links(entry).pointee
    unsafe store.links(links.newer).pointee.older = links.older
    unsafe store.links(links.older).pointee.newer = links.newer
  }

  /// Goes on through the index, bucket by bucket, to the next entry whose time has come, for the caller to
  /// remove; nil when `buckets` of them (some seven entries each) were looked at or the round is over.
  ///
  /// From the last bucket down: as entries go, the last buckets are merged into lower ones, which so are
  /// still to come.
  @inlinable
  mutating func nextExpired(at time: Store.Time, buckets: inout Int) -> Entry? {
    if sweepPosition == 0 || sweepPosition > index.bucketCount { sweepPosition = index.bucketCount }
    while buckets > 0 {
      var chain = Bucket.Chain(index, number: sweepPosition &- 1)
      while let entry = chain.next(index) {
        // The place stays: removing the entry puts another where it was.
        if store.isExpired(entry, at: time) { return entry }
      }
      sweepPosition &-= 1
      buckets = sweepPosition == 0 ? 0 : buckets &- 1
    }
    return nil
  }
}
