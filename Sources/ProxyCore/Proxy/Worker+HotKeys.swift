/// Look-ups of clients, and which keys they are for.
extension Worker {
  /// Before a look-up, as early as its key is known.
  package func prefetch(_ hash: UInt64) { cache.prefetch(hash) }

  /// What the cache can answer about a key, for a client of this worker: the read is counted among those of its
  /// key, once where it is looked up twice. O(1).
  package func find(
    _ key: RawSpan, hash: UInt64, database: UInt32, counting: ByteCache.Counting = .all,
    now: Moment
  ) -> ByteCache.Hit? {
    if readsToPass > 0 {
      readsToPass &-= 1
    } else {
      note(key, hash, database, now: now)
    }
    guard
      let hit = cache.find(
        key, hash: hash, database: database, .answers, counting: counting, now: now)
    else {
      // It will be looked up again.
      if counting == .hits { readsToPass &+= 1 }
      return nil
    }
    return hit
  }

  /// Kept out of the way of the many reads that are not noted.
  @inline(never)
  private func note(_ key: RawSpan, _ hash: UInt64, _ database: UInt32, now: Moment) {
    readsToPass = hotKeys.note(key, hash: hash, database: database, now: now)
  }

  /// Asks all workers which keys their clients read most. `body` is called on this worker's loop with no more
  /// than `count` keys; not at all where the proxy is closed before.
  package func findHotKeys(
    atMost count: Int, _ body: @escaping (HotKeyTally, Moment) -> Void
  ) {
    gather(from: proxy.workerCount) { [proxy] number, reply in
      proxy.seats[number].mailbox.send(
        .perform { worker, now in reply(worker?.hotKeys.tally(now: now) ?? HotKeyTally()) })
    } end: { [unowned self] parts in
      body(.sum(of: parts.compactMap(\.self), atMost: count), now)
    }
  }
}
