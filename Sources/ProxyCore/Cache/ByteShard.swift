/// One part of the byte cache, behind one lock. Everything here is called with that lock held.
struct ByteShard: ~Copyable {
  var counters = ShardCounters()
  var table: RecencyTable<BlockStore>
  private let places: BucketPlaces.Hints
  var intents: Intents
  /// The current flight of each key that has one.
  var flights = InFlightTable<ByteCache.Flight>()
  var flightsBegun: UInt64 = 0
  /// Large values whose entries have gone, for `Guarded.unlock` to let go of: the allocator takes its time.
  var leaving: [SharedBlock] = []

  init(hashing: SipHash, source: PageSource, places: BucketPlaces.Hints, intents: consuming Intents)
  {
    guard let table = Self.table(hashing: hashing, source: source) else {
      // At start only: a proxy whose empty cache finds no memory cannot serve anybody.
      fatalError("out of memory: not even an empty cache")
    }
    self.table = table
    self.places = places
    self.intents = intents
    places.begin(self.table.index)
  }

  /// Goes on with another table; what was known until now is in that one's place.
  mutating func exchange(_ other: inout RecencyTable<BlockStore>) {
    swap(&table, &other)
    flights.removeAll()
    places.begin(table.index)
  }

  /// An empty table; nil where there is no memory for one.
  static func table(hashing: SipHash, source: PageSource) -> RecencyTable<BlockStore>? {
    guard let store = BlockStore(hashing: hashing, source: source) else { return nil }
    return RecencyTable(store: store, source: source)
  }

  /// The block of `key`, which thereby becomes the one used last; nil, and counted, where there is none
  /// or where its time has come.
  mutating func use(
    _ key: UnsafeRawBufferPointer, hash: UInt64, database: UInt32, _ wanted: ByteCache.Wanted,
    counting: ByteCache.Counting, at time: BlockStore.Time, in cache: ByteCache
  ) -> Block? {
    guard let entry = unsafe find(key, hash: hash, database: database) else {
      if counting == .all { counters.misses &+= 1 }
      return nil
    }
    let block = unsafe table.store.block(entry)
    if unsafe time.isPast(block) {
      if counting == .all { counters.misses &+= 1 }
      counters.expirations &+= 1
      remove(entry, from: cache.budget)
      return nil
    }
    table.touch(entry)
    guard unsafe isWanted(block, hash, wanted, at: time, in: cache) else {
      if counting == .all { counters.misses &+= 1 }
      return nil
    }
    if counting != .nothing { counters.hits &+= 1 }
    return unsafe block
  }

  private func isWanted(
    _ block: Block, _ hash: UInt64, _ wanted: ByteCache.Wanted, at time: BlockStore.Time,
    in cache: ByteCache
  ) -> Bool {
    let isBelieved = unsafe cache.trust.includes(block.generation, hash)
    switch wanted {
    case .answers:
      return unsafe isBelieved && !block.flags.contains(.large)
        && !cache.hasEnded(block.deadline, since: time)
    case .knowledge: return isBelieved
    case .lastKnown: return unsafe cache.trust.remembers(block.generation, hash)
    }
  }

  /// The entry of `key` in a database, or in any (nil). Mutating only because the compiler (6.3) copies the
  /// whole shard to borrow it through a pointer.
  mutating func find(_ key: UnsafeRawBufferPointer, hash: UInt64, database: UInt32?) -> Entry? {
    table.store.prefetchAddresses()
    var probe = table.index.probe(hash)
    while true {
      let entry = probe.next(in: table.index)
      if entry == .none { return nil }
      let block = unsafe table.store.block(entry)
      // Where the value lies is read from the block's first line; the next two are on their way meanwhile.
      unsafe Prefetch.toRead(block.memory + 64)
      unsafe Prefetch.toRead(block.memory + 128)
      if unsafe block.matches(key, database: database ?? block.database) { return entry }
    }
  }

  /// Writes a new entry; false where there is no memory for it.
  mutating func add(_ draft: EntryDraft, value: RawSpan?, key: RawSpan, hash: UInt64) -> Bool {
    guard let entry = table.store.allocate(draft.sizeClass) else { return false }
    unsafe draft.write(to: table.store.block(entry), value: value, key: key)
    guard table.add(entry, hash: hash) else {
      unsafe table.store.block(entry).shared?.release()
      table.store.free(entry, draft.sizeClass)
      while let move = table.store.compact(draft.sizeClass) { table.follow(move.from, to: move.to) }
      return false
    }
    places.follow(table.index)
    table.store.bytes &+= draft.cost
    if draft.isShared { table.store.sharedCount &+= 1 }
    return true
  }

  /// Drops what is known of a key and what is about to be, in every database.
  @discardableResult
  mutating func forget(
    _ key: RawSpan, hash: UInt64, _ budget: borrowing CacheBudget
  ) -> Bool {
    flights.removeAll(hash)
    return forgetEntries(key, hash: hash, budget)
  }

  mutating func forgetEntries(
    _ key: RawSpan, hash: UInt64, _ budget: borrowing CacheBudget
  ) -> Bool {
    var removed = false
    while let entry = unsafe key.withUnsafeBytes({ unsafe find($0, hash: hash, database: nil) }) {
      remove(entry, from: budget)
      removed = true
    }
    return removed
  }

  /// Ends a flight; false where it was current no more.
  @discardableResult
  mutating func end(_ flight: ByteCache.Flight) -> Bool {
    flights.update(flight.hash, where: { $0 == flight }) { _ in nil }
  }

  /// Evicts the oldest as far as the budget asks for it and a slice goes; says how many.
  mutating func evict(keeping: Int, from budget: borrowing CacheBudget) -> Int {
    var evicted = 0
    while budget.isExceeded && table.count > keeping && evicted < CacheShards.sliceMax {
      evictOldest(from: budget)
      evicted &+= 1
    }
    return evicted
  }

  mutating func evictOldest(from budget: borrowing CacheBudget) {
    counters.evictions &+= 1
    remove(table.oldest(), from: budget)
  }

  /// Strikes an entry off and gives its memory back, which may move others.
  mutating func remove(_ entry: Entry, from budget: borrowing CacheBudget) {
    table.strikeOff(entry)
    places.follow(table.index)
    let block = unsafe table.store.block(entry)
    let sizeClass = unsafe block.sizeClass
    var cost = sizeClass.bytes &+ HashIndex.bytesPerEntry
    if let shared = unsafe block.shared {
      cost &+= unsafe shared._withUnsafeGuaranteedRef { EntryDraft.cost(ofShared: $0.count) }
      unsafe leaving.append(shared.takeRetainedValue())
      table.store.sharedCount &-= 1
    }
    table.store.bytes &-= cost
    budget.subtract(entries: 1, cost: cost)
    table.store.free(entry, sizeClass)
    while let move = table.store.compact(sizeClass) { table.follow(move.from, to: move.to) }
  }
}

extension Guarded<ByteShard> {
  /// Has the processor fetch what a look-up needs of the shard itself, all of it at once: the lock alone
  /// would be waited for first.
  @inline(__always)
  func prefetch() {
    for line in 0..<4 { unsafe Prefetch.toRead(UnsafeRawPointer(lock) + line &* 64) }
  }

  /// Releases the lock, and after it what left the shard meanwhile.
  func unlock() {
    var leaving: [SharedBlock] = []
    unsafe swap(&leaving, &content.pointee.leaving)
    withExtendedLifetime(leaving) { release() }
  }
}
