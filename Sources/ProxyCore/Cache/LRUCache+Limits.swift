internal import Synchronization

/// What changes and shows a cache as a whole.
extension LRUCache {
  /// Removes entries whose time has come, in slices of some 100 look-ups a lock, and says how many. O(n).
  @discardableResult
  public func removeExpired() -> Int {
    let now = clock()
    var removed = 0
    for number in 0..<shardCount {
      var finished = false
      while !finished {
        let slice = removeExpiredSlice(of: shards[number], now: now)
        removed += slice.removed
        finished = slice.finished
      }
    }
    return removed
  }

  /// Removes entries whose time has come every now and then, until the task is cancelled: for a cache whose
  /// entries are seldom asked for again, and so would stay until they are evicted.
  ///
  /// ```swift
  /// group.addTask { await cache.keepTidy(every: .seconds(10)) }
  /// ```
  public func keepTidy(every interval: Duration) async {
    while !Task.isCancelled {
      removeExpired()
      try? await Task.sleep(for: max(interval, .milliseconds(1)))
    }
  }

  private func removeExpiredSlice(
    of shard: Guarded<Shard>, now: Moment
  ) -> (removed: Int, finished: Bool) {
    var leaving = Leaving()
    var buckets = 16
    var removed = 0
    shard.acquire()
    defer { withExtendedLifetime(leaving) { shard.release() } }
    while let entry = unsafe shard.content.pointee.table.nextExpired(at: now, buckets: &buckets) {
      leaving.add(unsafe remove(entry, from: &shard.content.pointee))
      unsafe shard.content.pointee.counters.expirations &+= 1
      removed += 1
    }
    return unsafe (removed, shard.content.pointee.table.sweepPosition == 0)
  }

  // MARK: Counting

  /// How many entries it may hold. Setting less evicts at once. The shards stay as they were made, so a
  /// cache that was created large keeps its order by shard however small it gets.
  public var capacity: Int {
    get { budget.entriesMax.load(ordering: .relaxed) }
    set {
      budget.entriesMax.store(max(0, newValue), ordering: .relaxed)
      evictExcess(sparing: nil)
    }
  }

  /// What the entries' costs may add up to. Setting less evicts at once.
  public var costLimit: Int {
    get { budget.costMax.load(ordering: .relaxed) }
    set {
      budget.costMax.store(CacheBudget.clampedCost(newValue), ordering: .relaxed)
      evictExcess(sparing: nil)
    }
  }

  /// How many entries it holds, expired ones that were not found yet included. O(1).
  public var count: Int { budget.entries.load(ordering: .relaxed) }

  /// What it has done and what it holds. O(shards).
  public var statistics: CacheStatistics {
    var total = CacheStatistics()
    for number in 0..<shardCount {
      let shard = shards[number]
      shard.acquire()
      unsafe shard.content.pointee.counters.add(to: &total)
      total.entries += unsafe shard.content.pointee.table.count
      total.cost += unsafe shard.content.pointee.table.store.cost
      shard.release()
    }
    return total
  }
}
