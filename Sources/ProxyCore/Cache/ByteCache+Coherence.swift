internal import Synchronization

/// What keeps the cache from ever answering an older value than Redis has answered already.
///
/// Entries come only from flights, and a flight stores only while it is its key's current one. A write, an
/// invalidation and an emptying each end both: the entry, and what is current. All of it happens under the
/// lock of the key's shard, so there is one order for all loops.
///
/// ```
///   read, nothing known ── beginFlight ──▶ current ── finishFlight ──▶ entry ── find ──▶ hits
///                              │             │  ▲                        │
///                     while a write is       │  └── isCurrent: may join  │
///                     under way: refused     ▼                           ▼
///                              beginIntent, invalidate, empty: neither is left
/// ```
///
/// Keys are known here by their hashes, and intents by some bits of these: two keys that share them hold each
/// other up, and no more. A flight that does not begin is one that is neither joined nor stored.
extension ByteCache {
  /// A fetch of one key that may be stored, as long as nothing has happened to the key.
  package struct Flight: Equatable, Sendable {
    let hash: UInt64
    let database: UInt32
    let number: UInt64
  }

  // MARK: Writes

  /// Before a write leaves that names this key: what is known of the key is forgotten, in every database,
  /// and nothing is learned of it until `endIntent`. Each beginning needs its own end.
  package func beginIntent(_ key: RawSpan, hash: UInt64) {
    let shard = shard(hash)
    shard.acquire()
    defer { shard.release() }
    unsafe shard.content.pointee.forget(key, hash: hash, budget)
    unsafe shard.content.pointee.intents.begin(hash)
  }

  /// When a write's reply has come, and before it is handed on.
  package func endIntent(hash: UInt64) {
    let shard = shard(hash)
    shard.acquire()
    defer { shard.release() }
    unsafe shard.content.pointee.intents.end(hash)
  }

  /// Before a command leaves that replaces the whole data set: everything is forgotten, and nothing is learned
  /// of any key until `endReplacement`. Each beginning needs its own end.
  package func beginReplacement() {
    // Seen by every flight that begins after the shard it begins in was emptied: both take its lock.
    replacements.wrappingAdd(1, ordering: .relaxed)
    removeAll()
  }

  /// When its reply has come, and before that is handed on.
  package func endReplacement() {
    removeAll()
    let left = replacements.wrappingSubtract(1, ordering: .relaxed).newValue
    assert(left >= 0, "a replacement ended that had not begun")
  }

  // MARK: Flights

  /// Begins a flight, which becomes the key's current one; nil while a write to the key is under way, or one
  /// to all of them: what is fetched then is not kept.
  package func beginFlight(hash: UInt64, database: UInt32) -> Flight? {
    let shard = shard(hash)
    shard.acquire()
    defer { shard.release() }
    if replacements.load(ordering: .relaxed) > 0 { return nil }
    if unsafe shard.content.pointee.intents.mayContain(hash) { return nil }
    unsafe shard.content.pointee.flightsBegun &+= 1
    let flight = unsafe Flight(
      hash: hash, database: database, number: shard.content.pointee.flightsBegun)
    if unsafe !shard.content.pointee.flights.update(
      hash, where: { $0.database == database }, { _ in flight })
    {
      unsafe shard.content.pointee.flights.add(flight, hash: hash)
    }
    return flight
  }

  /// Whether new readers may share what this flight brings.
  package func isCurrent(_ flight: Flight) -> Bool {
    let shard = shard(flight.hash)
    shard.acquire()
    defer { shard.release() }
    return unsafe shard.content.pointee.flights.contains(flight.hash) { $0 == flight }
  }

  /// Stores what a flight brought (nil: that there is no such key), if it is still current; says whether it
  /// was kept.
  @discardableResult
  package func finishFlight(
    _ flight: Flight, storing value: RawSpan?, for key: RawSpan, _ insertion: Insertion,
    now: Moment
  ) -> Bool {
    var insertion = insertion
    insertion.database = flight.database
    return insert(value, for: key, hash: flight.hash, insertion, now: now, endingFlight: flight)
  }

  /// Ends a flight that brought nothing worth storing.
  package func abandonFlight(_ flight: Flight) {
    let shard = shard(flight.hash)
    shard.acquire()
    defer { shard.release() }
    unsafe shard.content.pointee.end(flight)
  }

  // MARK: Pushes

  /// When Redis says that a key has changed, by any client. Says whether anything was known of it.
  /// Only the proof that both are needed leaves out the entry, or the flight.
  @discardableResult
  package func invalidate(
    _ key: RawSpan, hash: UInt64, entry: Bool = true, flight: Bool = true
  ) -> Bool {
    let shard = shard(hash)
    shard.acquire()
    defer { shard.release() }
    if flight { unsafe shard.content.pointee.flights.removeAll(hash) }
    return entry ? unsafe shard.content.pointee.forgetEntries(key, hash: hash, budget) : false
  }

  /// What is under way, for those who look for leaks.
  package var underWay: (writes: Int, flights: Int) {
    (0..<shardCount).reduce((0, 0)) { sum, number in
      let shard = shards[number]
      shard.acquire()
      defer { shard.release() }
      return unsafe (
        sum.0 + shard.content.pointee.intents.count, sum.1 + shard.content.pointee.flights.count
      )
    }
  }
}
