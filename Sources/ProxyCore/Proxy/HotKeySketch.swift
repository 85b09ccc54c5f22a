/// Which keys were read most lately, of the reads of one loop: a table of fixed size, made once.
///
/// This is Space-Saving (Metwally, Agrawal and El Abbadi, 2005) with its table cut into sets of a few
/// places: a key has a place in the set that its hash chooses, or takes the one with the smallest count,
/// which it continues. So a count is never too small, and too large by no more than what it took over,
/// which is remembered. Every minute all counts are halved: what was hot yesterday is not hot now.
///
/// Only some reads are noted, and each stands for those since the one before: all while there are few, one
/// in `Limits.hotKeyGapMax` on average where there are many. O(1) a noted read, and nothing is allocated.
struct HotKeySketch: ~Copyable {
  /// A key and what is known of its reads.
  private struct KeyCounter {
    var hash: UInt64 = 0
    var database: UInt32 = 0
    var keyBytes: UInt32 = 0
    /// Reads, at most; 0: free.
    var count: UInt64 = 0
    /// What of them may have been of others.
    var excess: UInt64 = 0
  }

  private var places = [KeyCounter](repeating: KeyCounter(), count: Limits.hotKeyPlaces)
  /// The beginnings of the keys, place by place.
  private var keys = [UInt8](repeating: 0, count: Limits.hotKeyPlaces * Limits.hotKeyBytesMax)
  /// All reads, aged as the counts are.
  private var total: UInt64 = 0
  /// The seconds that the counts stand for, without those since `halved`.
  private var seconds = 0.0
  private var halved: Moment

  /// The mean number of reads between two that are noted.
  private(set) var gap: UInt32 = 1
  /// What the next noted read stands for.
  private var weight: UInt32 = 1
  /// Reads noted since `windowStart`, by which the gap is chosen.
  private var noted = 0
  private var windowStart: Moment
  private var random: UInt64

  init(seed: UInt64, now: Moment) {
    halved = now
    windowStart = now
    random = seed | 1
  }

  /// Notes a read, and says how many to let pass before the next one.
  mutating func note(_ key: RawSpan, hash: UInt64, database: UInt32, now: Moment) -> Int32 {
    age(now: now)
    total &+= UInt64(weight)
    let place = place(of: hash, database, key)
    places[place].count &+= UInt64(weight)
    adjustGap(now: now)
    // Any of the numbers whose mean is the gap: reads that come in a rhythm are noted evenly, too.
    weight = 1 &+ draw(below: 2 &* gap &- 1)
    return Int32(truncatingIfNeeded: weight) &- 1
  }

  /// The key's place, which may have been another's until now.
  private mutating func place(of hash: UInt64, _ database: UInt32, _ key: RawSpan) -> Int {
    let set = Int(truncatingIfNeeded: hash) & (Limits.hotKeyPlaces / Limits.hotKeyWays &- 1)
    let first = set &* Limits.hotKeyWays
    var smallest = first
    for place in first..<first &+ Limits.hotKeyWays {
      if places[place].hash == hash && places[place].database == database
        && places[place].count > 0
      {
        return place
      }
      if places[place].count < places[smallest].count { smallest = place }
    }
    places[smallest].hash = hash
    places[smallest].database = database
    places[smallest].excess = places[smallest].count
    places[smallest].keyBytes = UInt32(clamping: key.byteCount)
    let start = smallest &* Limits.hotKeyBytesMax
    for offset in 0..<min(key.byteCount, Limits.hotKeyBytesMax) {
      keys[start &+ offset] = unsafe key.byte(at: offset)  // in bounds by the loop
    }
    return smallest
  }

  /// Halves what is older than a minute, for each minute once.
  private mutating func age(now: Moment) {
    let elapsed = now.since(halved)
    if elapsed < Limits.hotKeyHalfLife { return }
    let period = Limits.hotKeyHalfLife.clampedNanoseconds
    let times = min(elapsed.clampedNanoseconds / period, 63)
    halved = times < 63 ? halved.advanced(by: .nanoseconds(times &* period)) : now
    for place in places.indices {
      places[place].count &>>= UInt64(times)
      places[place].excess &>>= UInt64(times)
    }
    total &>>= UInt64(times)
    for _ in 0..<times { seconds = (seconds + Double(period) / 1e9) / 2 }
  }

  /// Notes fewer of many reads and more of few.
  private mutating func adjustGap(now: Moment) {
    noted &+= 1
    if noted >= Limits.hotKeyNotesPerSecond {
      gap = min(gap &* 2, Limits.hotKeyGapMax)
    } else if now.since(windowStart) < .seconds(1) {
      return
    } else if noted < Limits.hotKeyNotesPerSecond / 4 {
      gap = max(gap / 2, 1)
    }
    noted = 0
    windowStart = now
  }

  /// A number from 0 to `bound` - 1, good enough to break rhythms (xorshift).
  private mutating func draw(below bound: UInt32) -> UInt32 {
    random ^= random &<< 13
    random ^= random &>> 7
    random ^= random &<< 17
    return UInt32(truncatingIfNeeded: ((random &>> 32) &* UInt64(bound)) &>> 32)
  }

  /// What is certain of each key here, in no order. O(places).
  mutating func tally(now: Moment) -> HotKeyTally {
    age(now: now)
    // Of what has begun just now there is no rate yet.
    let span = max(1, seconds + Double(now.since(halved).clampedNanoseconds) / 1e9)
    var tally = HotKeyTally(readsPerSecond: Double(total) / span)
    for (number, place) in places.enumerated() where place.count > place.excess {
      let start = number * Limits.hotKeyBytesMax
      let kept = min(Int(place.keyBytes), Limits.hotKeyBytesMax)
      tally.keys.append(
        HotKey(
          hash: place.hash, key: Array(keys[start..<start + kept]),
          keyBytes: Int(place.keyBytes), database: place.database,
          readsPerSecond: Double(place.count - place.excess) / span))
    }
    return tally
  }
}
