/// Look-ups of clients, and which keys they are for.
extension Worker {
  /// Before a look-up, as early as its key is known.
  package func prefetch(_ hash: UInt64) { cache.prefetch(hash) }

  /// What `Proxy.find` knows of a key, for a client of this worker: the read is counted among those of its
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
      let hit = proxy.find(key, hash: hash, database: database, counting: counting, now: now)
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

  /// Who waits for what the workers know.
  struct HotKeyInquiry {
    let count: Int
    let body: (HotKeyTally, Moment) -> Void
    var awaited: Int
    var parts: [HotKeyTally] = []
  }

  /// Asks all workers which keys their clients read most. `body` is called on this worker's loop, perhaps
  /// before the call returns, with no more than `count` keys; not at all where the proxy is closed before.
  package func findHotKeys(
    atMost count: Int, now: Moment, _ body: @escaping (HotKeyTally, Moment) -> Void
  ) {
    let inquiry = hotKeyInquiries.insert(
      HotKeyInquiry(count: count, body: body, awaited: proxy.workerCount))
    let own = index
    for seat in proxy.seats where seat !== proxy.seats[own] {
      let home = proxy.seats[own].mailbox
      let isThere = seat.mailbox.send(
        .perform { worker, now in
          let part = worker?.hotKeys.tally(now: now) ?? HotKeyTally()
          _ = home.send(.perform { worker, now in worker?.take(part, of: inquiry, now: now) })
        })
      if !isThere { take(HotKeyTally(), of: inquiry, now: now) }
    }
    take(hotKeys.tally(now: now), of: inquiry, now: now)
  }

  private func take(_ part: HotKeyTally, of token: UInt64, now: Moment) {
    let awaited = hotKeyInquiries.change(token) { inquiry in
      inquiry.parts.append(part)
      inquiry.awaited -= 1
      return inquiry.awaited
    }
    guard awaited == 0, let inquiry = hotKeyInquiries.remove(token) else { return }
    inquiry.body(.sum(of: inquiry.parts, atMost: inquiry.count), now)
  }
}
