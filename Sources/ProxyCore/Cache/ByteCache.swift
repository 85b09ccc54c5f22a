internal import Synchronization

/// The proxy's memory: keys and values of bytes, shared by all loops, in exact order of use within a shard.
///
/// Keys are hashed once, by the caller, who also passes the time. Look-ups allocate nothing and take one
/// lock; what they find is read in place, with that lock held, through a `Hit`.
///
/// An entry has two ends: a deadline of its own (that of its key in Redis), and the cache's time to live,
/// counted from when it was inserted and changed for all entries at once.
@safe
package final class ByteCache: @unchecked Sendable {
  // Unchecked: everything that changes is in shards, each behind its lock, or atomic.

  let shards: GuardedArray<ByteShard>
  private let shardBits: UInt64
  let budget: CacheBudget
  package let trust: Trust
  let places: BucketPlaces
  private let hashing = SipHash()
  private let source = PageSource()
  private let epoch: Moment
  private let ageMax: Atomic<UInt32>
  private let valueBytesMax: Atomic<Int>
  private let graveyard = Graveyard()
  private let emptyings = Atomic<Int>(0)
  /// Commands under way that replace the whole data set.
  let replacements = Atomic<Int>(0)

  /// The largest capacity at creation with which the order of use is exact over the whole cache.
  package static let exactCapacityMax = 1_024

  /// - Parameters:
  ///   - capacity: In entries; 0 or less: nothing is kept.
  ///   - bytesMax: What all entries may take, with their overhead and their share of the tables.
  ///   - valueBytesMax: The largest value that is kept.
  ///   - timeToLive: nil for none. No entry is kept for longer than 24 days.
  ///   - trust: Which entries are believed.
  ///   - now: The present; nothing may be looked up at an earlier moment.
  package init(
    capacity: Int, bytesMax: Int, valueBytesMax: Int, timeToLive: Duration?,
    trust: Trust = Trust(), now: Moment
  ) {
    self.trust = trust
    shardBits = capacity <= Self.exactCapacityMax ? 0 : CacheShards.bits
    budget = CacheBudget(entriesMax: capacity, costMax: bytesMax)
    epoch = now
    ageMax = Atomic(Self.ageMax(timeToLive))
    self.valueBytesMax = Atomic(max(0, valueBytesMax))
    let places = BucketPlaces(shards: 1 << Int(shardBits))
    let count = 1 << Int(shardBits)
    shards = GuardedArray(count: count) { [hashing, source] in
      ByteShard(
        hashing: hashing, source: source, places: places.ofShard($0),
        intents: Intents(places: Intents.placesOfCache / count))
    }
    self.places = places
  }

  package var shardCount: Int { 1 &<< Int(shardBits) }

  // MARK: Limits that may change while running

  package var capacity: Int { budget.entriesMax.load(ordering: .relaxed) }
  package var bytesMax: Int { budget.costMax.load(ordering: .relaxed) }

  /// Changes the limits and evicts what is too much.
  package func setLimits(capacity: Int, bytesMax: Int, valueBytesMax: Int) {
    budget.entriesMax.store(max(0, capacity), ordering: .relaxed)
    budget.costMax.store(CacheBudget.clampedCost(bytesMax), ordering: .relaxed)
    self.valueBytesMax.store(max(0, valueBytesMax), ordering: .relaxed)
    evictExcess(sparing: nil)
  }

  /// Changes how long entries are kept, those that are there included.
  package func setTimeToLive(_ timeToLive: Duration?) {
    ageMax.store(Self.ageMax(timeToLive), ordering: .relaxed)
  }

  /// The longest that an entry stored now can be kept.
  var entryAgeMax: Duration { .milliseconds(Int64(ageMax.load(ordering: .relaxed))) }

  private static func ageMax(_ timeToLive: Duration?) -> UInt32 {
    guard let timeToLive else { return .max }
    return UInt32(clamping: timeToLive.clampedNanoseconds / 1_000_000)
  }

  // MARK: Looking up

  /// The hash of a key, the same in every database.
  package func hash(_ key: RawSpan) -> UInt64 { hashing.hash(key) }

  /// What a look-up adds to the statistics.
  package enum Counting: Sendable {
    /// A hit or a miss.
    case all
    /// A hit; a miss is looked up again, and counted then.
    case hits
    /// Nothing: the reader was counted when it looked itself.
    case nothing
  }

  /// Which entries a look-up is for.
  package enum Wanted: Sendable {
    /// Values that may be answered, and keys that are known to be absent.
    case answers
    /// The same, and keys whose value is known to be too large.
    case knowledge
    /// The same, also of former generations that hold last known values.
    case lastKnown
  }

  /// What is known of `key`, which thereby becomes the one used last. The shard stays locked until the hit
  /// goes out of scope: copy, and let it go. O(1).
  package func find(
    _ key: RawSpan, hash: UInt64, database: UInt32 = 0, _ wanted: Wanted = .knowledge,
    counting: Counting = .all, now: Moment
  ) -> Hit? {
    let shard = shard(hash)
    let time = time(now)
    shard.prefetch()
    shard.acquire()
    let block = unsafe key.withUnsafeBytes {
      unsafe shard.content.pointee.use(
        $0, hash: hash, database: database, wanted, counting: counting, at: time, in: self)
    }
    guard let block = unsafe block else {
      shard.unlock()
      return nil
    }
    return unsafe Hit(shard: shard, block: block, time: time)
  }

  /// Whether a key that ends at `deadline` has ended since `time`: a loop looks at the clock once a turn, and what
  /// others saw meanwhile may be later.
  func hasEnded(_ deadline: UInt64, since time: BlockStore.Time) -> Bool {
    deadline &- time.now < Limits.endingSoonMilliseconds && deadline <= milliseconds(.now)
  }

  /// Has the processor fetch what a look-up that is about to come will read first. Takes no lock. O(1).
  package func prefetch(_ hash: UInt64) {
    let number = shardNumber(hash)
    shards[number].prefetch()
    if let bucket = unsafe places.ofShard(number).bucket(hash) { unsafe Prefetch.toRead(bucket) }
  }

  // MARK: Changing

  /// What to store with a value.
  package struct Insertion {
    /// The database that the key is in.
    package var database: UInt32 = 0
    /// When the key itself ends in Redis.
    package var deadline = Moment.distantFuture
    /// Of the link that fetched it.
    package var generation: UInt16 = 0
    /// Where there is no value: that it is too large to be kept, rather than that there is none.
    package var isLarge = false

    package init() {}
  }

  /// Keeps `value` (nil: that there is none) for `key`, in place of what was kept, and evicts what has to go
  /// for it. Says whether it is kept: a key or a value over its limit is not, nor is anything where a flight
  /// is given that is current no more. O(1).
  @discardableResult
  package func insert(
    _ value: RawSpan?, for key: RawSpan, hash: UInt64, _ insertion: Insertion = Insertion(),
    now: Moment, endingFlight flight: Flight? = nil
  ) -> Bool {
    let shard = shard(hash)
    let draft =
      budget.allows(cost: 0)
      ? EntryDraft(
        value: value, valueBytesMax: valueBytesMax.load(ordering: .relaxed), key: key,
        insertion: insertion, deadline: milliseconds(insertion.deadline), now: milliseconds(now))
      : nil
    shard.acquire()
    if let flight, unsafe !shard.content.pointee.end(flight) {
      shard.release()
      return false
    }
    unsafe key.withUnsafeBytes {
      if let former = unsafe shard.content.pointee.find(
        $0, hash: hash, database: insertion.database)
      {
        unsafe shard.content.pointee.remove(former, from: budget)
      }
    }
    guard let draft, budget.allows(cost: draft.cost) else {
      shard.unlock()
      return false
    }
    budget.add(cost: draft.cost)
    _ = unsafe shard.content.pointee.evict(keeping: 0, from: budget)
    var kept = unsafe shard.content.pointee.add(draft, value: value, key: key, hash: hash)
    if unsafe !kept && shard.content.pointee.table.count > 0 {
      // The system has no memory to give: what the oldest entry has will do, or the cache would stay as it
      // is for ever.
      unsafe shard.content.pointee.evictOldest(from: budget)
      kept = unsafe shard.content.pointee.add(draft, value: value, key: key, hash: hash)
    }
    if !kept { budget.subtract(entries: 1, cost: draft.cost) }
    shard.unlock()
    if budget.isExceeded { evictExcess(sparing: shardNumber(hash)) }
    return kept
  }

  /// Forgets everything, and lets no flight under way bring any of it back. O(1) a shard; the memory goes
  /// back to the system as the janitor comes by, or at once where more than a whole cache waits for that.
  package func removeAll() {
    emptyings.wrappingAdd(1, ordering: .relaxed)
    for number in 0..<shardCount {
      let shard = shards[number]
      shard.acquire()
      unsafe shard.content.pointee.flights.removeAll()
      let isEmpty = unsafe shard.content.pointee.table.count == 0
      shard.release()
      if isEmpty { continue }
      guard var table = ByteShard.table(hashing: hashing, source: source) else {
        drain(shard)
        continue
      }
      shard.acquire()
      unsafe shard.content.pointee.exchange(&table)
      budget.subtract(entries: table.count, cost: table.store.bytes)
      shard.release()
      graveyard.bury(table, bytesMax: bytesMax)
    }
  }

  /// Empties a shard entry by entry, for when there is no memory for another table in its place.
  private func drain(_ shard: Guarded<ByteShard>) {
    var isEmpty = false
    while !isEmpty {
      shard.acquire()
      unsafe shard.content.pointee.flights.removeAll()
      for _ in 0..<CacheShards.sliceMax {
        if unsafe shard.content.pointee.table.count == 0 { break }
        unsafe shard.content.pointee.remove(
          shard.content.pointee.table.oldest(), from: budget)
      }
      isEmpty = unsafe shard.content.pointee.table.count == 0
      shard.unlock()
    }
  }

  // MARK: The janitor

  /// Reclaims what has expired in the next `buckets` buckets of one shard, some seven entries each, and a
  /// part of what was emptied. Bounded work, one lock at a time.
  @discardableResult
  package func sweep(
    shard number: Int, buckets: Int, now: Moment
  ) -> (removed: Int, isLast: Bool) {
    graveyard.clearSome()
    let shard = shards[number % shardCount]
    let time = time(now)
    var buckets = buckets
    var removed = 0
    shard.acquire()
    defer { shard.unlock() }
    while let expired = unsafe shard.content.pointee.table.nextExpired(at: time, buckets: &buckets)
    {
      unsafe shard.content.pointee.counters.expirations &+= 1
      unsafe shard.content.pointee.remove(expired, from: budget)
      removed += 1
    }
    return unsafe (removed, shard.content.pointee.table.sweepPosition == 0)
  }

  /// Whether a sweep has more to take apart of what was emptied.
  var hasRemains: Bool { !graveyard.isEmpty }

  /// How many buckets a sweep of a shard goes through.
  func bucketCount(ofShard number: Int) -> Int {
    let shard = shards[number % shardCount]
    shard.acquire()
    defer { shard.release() }
    return unsafe Int(shard.content.pointee.table.index.bucketCount)
  }

  // MARK: Counting

  package var statistics: CacheStatistics {
    var total = CacheStatistics()
    for number in 0..<shardCount {
      let shard = shards[number]
      shard.acquire()
      unsafe shard.content.pointee.counters.add(to: &total)
      total.entries += unsafe shard.content.pointee.table.count
      total.cost += unsafe shard.content.pointee.table.store.bytes
      shard.release()
    }
    return total
  }

  /// How often it was emptied.
  package var emptyingCount: Int { emptyings.load(ordering: .relaxed) }

  /// How often any of its locks was taken, for budgets.
  package var lockAcquisitions: UInt64 {
    (0..<shardCount).reduce(source.lockAcquisitions) {
      unsafe $0 &+ shards[$1].lock.pointee.acquisitions
    }
  }

  // MARK: Inside

  func shardNumber(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &>> 52) & ((1 &<< shardBits) &- 1))
  }

  func shard(_ hash: UInt64) -> Guarded<ByteShard> {
    shards[shardNumber(hash)]
  }

  private func milliseconds(_ moment: Moment) -> UInt64 {
    UInt64(clamping: moment.milliseconds(since: epoch))
  }

  private func time(_ now: Moment) -> BlockStore.Time {
    BlockStore.Time(now: milliseconds(now), ageMax: ageMax.load(ordering: .relaxed))
  }

  /// Evicts the oldest of all shards in turn, a slice at a time, until nothing is exceeded; last the entry
  /// that was just inserted into `own`.
  private func evictExcess(sparing own: Int?) {
    shards.goRound(from: (own ?? -1) + 1, sparing: own, while: { budget.isExceeded }) {
      shard, keeping in
      shard.acquire()
      defer { shard.unlock() }
      return unsafe shard.content.pointee.evict(keeping: keeping, from: budget)
    }
  }
}
