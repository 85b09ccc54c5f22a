/// A thread-safe cache that keeps what was used last: bounded in entries and in cost, with expiry.
///
/// ```swift
/// let cache = LRUCache<String, Profile>(capacity: 10_000, timeToLive: .seconds(60))
/// cache.insert(profile, for: "alice")
/// if let profile = cache.value(for: "alice") { … }
/// ```
///
/// Every operation is O(1) and holds one lock for well under a microsecond, but for an insertion whose cost
/// makes many others go: these are evicted a few at a time. No table is ever rehashed as a whole. Look-ups and
/// insertions allocate nothing once the cache has grown to its size. Keys and values that leave the cache are
/// released after its lock is.
///
/// Up to a capacity of ``exactCapacityMax`` the order of use is exact over all entries: the entry that goes
/// is always the one that was used longest ago. A larger cache is divided into shards by hash; each keeps
/// its own exact order, and together they share one capacity.
@safe
public final class LRUCache<Key: Hashable & Sendable, Value: Sendable>: @unchecked Sendable {
  // Unchecked: everything that changes is in shards, each behind its lock, or atomic.

  @usableFromInline let shards: GuardedArray<Shard>
  @usableFromInline let shardBits: UInt64
  @usableFromInline let budget: CacheBudget
  @usableFromInline let source = PageSource()
  @usableFromInline let timeToLive: Duration?
  @usableFromInline let clock: @Sendable () -> Moment

  /// The largest capacity at creation with which the order of use is exact over the whole cache.
  @inlinable public static var exactCapacityMax: Int { 1_024 }

  @usableFromInline typealias Slot = SlotStore<Key, Value>.Slot

  @usableFromInline
  struct Shard: ~Copyable {
    @usableFromInline var counters = ShardCounters()
    @usableFromInline var table: RecencyTable<SlotStore<Key, Value>>

    @inlinable
    init(source: PageSource) {
      guard let table = RecencyTable(store: SlotStore<Key, Value>(), source: source) else {
        // A cache is made by an initializer that cannot fail, as Dictionary is, and ends like it where
        // the system gives no memory; later growth evicts instead.
        fatalError("out of memory: not even an empty cache")
      }
      self.table = table
    }
  }

  /// Makes an empty cache.
  ///
  /// - Parameters:
  ///   - capacity: How many entries it may hold. 0 or less: nothing is kept. There is no upper limit but
  ///     memory, taken as it is used.
  ///   - costLimit: What the costs given to ``insert(_:for:cost:timeToLive:)`` may add up to.
  ///   - timeToLive: How long an entry may be found after it was inserted. `nil`: until it is evicted.
  ///     Zero or less: not at all.
  ///   - clock: What time it is; read only when an entry with a deadline is met. Tests bring their own.
  @inlinable
  public init(
    capacity: Int, costLimit: Int = .max, timeToLive: Duration? = nil,
    clock: @escaping @Sendable () -> Moment = { .now }
  ) {
    shardBits = capacity <= Self.exactCapacityMax ? 0 : CacheShards.bits
    budget = CacheBudget(entriesMax: capacity, costMax: costLimit)
    self.timeToLive = timeToLive
    self.clock = clock
    shards = GuardedArray(count: 1 &<< Int(shardBits)) { [source] _ in Shard(source: source) }
  }

  // MARK: Looking up

  /// The value for `key`, which thereby becomes the one used last; `nil` if there is none. O(1).
  @inlinable
  public func value(for key: Key) -> Value? {
    let hash = Self.hash(key)
    let shard = shard(hash)
    shard.acquire()
    guard let entry = unsafe find(key, hash: hash, in: &shard.content.pointee) else {
      unsafe shard.content.pointee.counters.misses &+= 1
      shard.release()
      return nil
    }
    let slot = unsafe shard.content.pointee.table.store.slot(entry)
    if unsafe slot.pointee.deadline != .distantFuture && slot.pointee.deadline <= clock() {
      unsafe shard.content.pointee.counters.misses &+= 1
      unsafe shard.content.pointee.counters.expirations &+= 1
      let expired = unsafe remove(entry, from: &shard.content.pointee)
      withExtendedLifetime(expired) { shard.release() }
      return nil
    }
    unsafe shard.content.pointee.table.touch(entry)
    unsafe shard.content.pointee.counters.hits &+= 1
    let value = unsafe slot.pointee.value
    shard.release()
    return value
  }

  /// Whether there is a value for `key`; its place in the order stays as it is. O(1).
  @inlinable
  public func contains(_ key: Key) -> Bool {
    let hash = Self.hash(key)
    let shard = shard(hash)
    shard.acquire()
    defer { shard.release() }
    guard let entry = unsafe find(key, hash: hash, in: &shard.content.pointee) else { return false }
    let deadline = unsafe shard.content.pointee.table.store.slot(entry).pointee.deadline
    return deadline == .distantFuture || deadline > clock()
  }

  /// The value for a key. Setting it inserts with the cache's own time to live; setting `nil` removes. O(1).
  @inlinable
  public subscript(key: Key) -> Value? {
    get { value(for: key) }
    set {
      if let newValue { insert(newValue, for: key) } else { removeValue(for: key) }
    }
  }

  // MARK: Changing

  /// Keeps `value` for `key`, in place of any former one, and evicts what has to go for it. O(1).
  ///
  /// - Parameters:
  ///   - value: What is kept.
  ///   - key: Under which it is found.
  ///   - cost: What the entry counts against the cost limit; less than 0 counts as 0. An entry that alone
  ///     exceeds the limit, or 2^47, is not kept.
  ///   - timeToLive: An earlier end than the cache's own; a later one has no effect.
  /// - Returns: Whether it is kept.
  @inlinable
  @discardableResult
  public func insert(
    _ value: consuming Value, for key: Key, cost: Int = 0, timeToLive: Duration? = nil
  ) -> Bool {
    let deadline = deadline(timeToLive)
    let cost = max(0, cost)
    guard budget.allows(cost: cost), let deadline else {
      removeValue(for: key)
      return false
    }
    let hash = Self.hash(key)
    let shard = shard(hash)
    var leaving = Leaving()
    shard.acquire()
    if let entry = unsafe find(key, hash: hash, in: &shard.content.pointee) {
      leaving.add(unsafe remove(entry, from: &shard.content.pointee))
    }
    budget.add(cost: cost)
    _ = unsafe evict(from: &shard.content.pointee, keeping: 0, into: &leaving)
    let slot = Slot(
      links: RecencyLinks(newer: .none, older: .none), hash: hash, deadline: deadline, key: key,
      value: value, cost: cost)
    let refused = unsafe add(slot, to: &shard.content.pointee)
    withExtendedLifetime((leaving, refused)) { shard.release() }
    if refused != nil { budget.subtract(entries: 1, cost: cost) }
    if budget.isExceeded { evictExcess(sparing: shardNumber(hash)) }
    return refused == nil
  }

  /// Removes the value for `key` and returns it, expired or not. O(1).
  @inlinable
  @discardableResult
  public func removeValue(for key: Key) -> Value? {
    let hash = Self.hash(key)
    let shard = shard(hash)
    shard.acquire()
    let entry = unsafe find(key, hash: hash, in: &shard.content.pointee)
    let removed = entry.map { unsafe remove($0, from: &shard.content.pointee) }
    withExtendedLifetime(removed) { shard.release() }
    return removed?.value
  }

  /// Removes everything. O(1) under each shard's lock; the values are released after it.
  @inlinable
  public func removeAll() {
    for number in 0..<shardCount {
      var fresh = Shard(source: source)
      let shard = shards[number]
      shard.acquire()
      unsafe swap(&fresh.table, &shard.content.pointee.table)
      budget.subtract(entries: fresh.table.count, cost: fresh.table.store.cost)
      shard.release()
    }
  }

  // MARK: Inside, with the shard's lock held

  @inlinable
  static func hash(_ key: Key) -> UInt64 {
    // Not `hashValue`: a type may define that badly, and then everything would be in one bucket.
    var hasher = Hasher()
    hasher.combine(key)
    return UInt64(truncatingIfNeeded: hasher.finalize())
  }

  @usableFromInline var shardCount: Int { 1 &<< Int(shardBits) }

  @inlinable
  func shard(_ hash: UInt64) -> Guarded<Shard> {
    shards[shardNumber(hash)]
  }

  @inlinable
  func shardNumber(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &>> 52) & ((1 &<< shardBits) &- 1))
  }

  @inlinable
  func find(_ key: Key, hash: UInt64, in shard: inout Shard) -> Entry? {
    var probe = shard.table.index.probe(hash)
    while true {
      let entry = probe.next(in: shard.table.index)
      if entry == .none { return nil }
      let slot = unsafe shard.table.store.slot(entry)
      if unsafe slot.pointee.hash == hash && slot.pointee.key == key { return entry }
    }
  }

  /// Takes an entry in; gives it back where there is no memory for it.
  @inlinable
  func add(_ slot: consuming Slot, to shard: inout Shard) -> Slot? {
    guard let entry = shard.table.store.allocate() else { return slot }
    let hash = slot.hash
    shard.table.store.fill(entry, with: slot)
    return shard.table.add(entry, hash: hash) ? nil : shard.table.store.take(entry)
  }

  @inlinable
  func remove(_ entry: Entry, from shard: inout Shard) -> Slot {
    shard.table.strikeOff(entry)
    let slot = shard.table.store.take(entry)
    budget.subtract(entries: 1, cost: slot.cost)
    return slot
  }

  /// Evicts the oldest of a shard as far as the budget asks for it and a slice goes; says how many.
  @inlinable
  func evict(from shard: inout Shard, keeping: Int, into leaving: inout Leaving) -> Int {
    var evicted = 0
    while budget.isExceeded && shard.table.count > keeping && evicted < CacheShards.sliceMax {
      shard.counters.evictions &+= 1
      leaving.add(remove(shard.table.oldest(), from: &shard))
      evicted &+= 1
    }
    return evicted
  }

  /// When a slice of the own shard was not enough: the oldest of all of them in turn, the new entry last.
  @usableFromInline
  func evictExcess(sparing own: Int?) {
    shards.goRound(from: (own ?? -1) + 1, sparing: own, while: { budget.isExceeded }) {
      shard, keeping in
      var leaving = Leaving()
      shard.acquire()
      let evicted = unsafe evict(
        from: &shard.content.pointee, keeping: keeping, into: &leaving)
      withExtendedLifetime(leaving) { shard.release() }
      return evicted
    }
  }

  /// The end of an entry inserted now, which may be never; nil where it is over already.
  @inlinable
  func deadline(_ own: Duration?) -> Moment? {
    guard let limit = timeToLive ?? own else { return .distantFuture }
    let shortest = own.map { min($0, limit) } ?? limit
    return shortest > .zero ? clock().advanced(by: shortest) : nil
  }

  /// Entries on their way out, kept until the lock is released: what a value does as it goes, such as
  /// using this very cache, is not ours to know. Nearly always one, for which nothing is allocated.
  @usableFromInline
  struct Leaving {
    @usableFromInline var first: Slot?
    @usableFromInline var others: [Slot] = []

    @inlinable
    init() {}

    @inlinable
    mutating func add(_ slot: consuming Slot) {
      if first == nil { first = slot } else { others.append(slot) }
    }
  }
}
