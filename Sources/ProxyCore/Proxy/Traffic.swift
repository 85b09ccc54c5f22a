/// Which keys a client's requests name that are under way, so that another one which names the same
/// key is executed after them: the order rule of ARCHITECTURE.md. O(keys) each.
package struct Traffic: ~Copyable {
  /// How many requests name a key, by the way that they go. Not private: where other modules end a client's
  /// traffic, optimized for tests, they name this.
  struct Use {
    var fetches: Int32 = 0
    var passes = Strands()

    var isNone: Bool { fetches == 0 && passes.isNone }

    mutating func add(fetches step: Int) { fetches &+= Int32(truncatingIfNeeded: step) }
  }

  /// A number for each strand, side by side. What a client has under way names a key `Limits.journeyKeysMax` times
  /// `Limits.journeysMax` at most, which fits.
  struct Strands {
    private var packed: UInt64 = 0

    static var width: UInt64 { 21 }

    var isNone: Bool { packed == 0 }

    subscript(strand: CommandStrand) -> Int {
      Int(truncatingIfNeeded: (packed &>> shift(strand)) & (1 &<< Self.width &- 1))
    }

    mutating func add(_ step: Int, to strand: CommandStrand) {
      assert(step > 0 || self[strand] > 0, "more has ended than had begun")
      packed = packed &+ UInt64(bitPattern: Int64(step)) &<< shift(strand)
    }

    private func shift(_ strand: CommandStrand) -> UInt64 { UInt64(strand.rawValue) &* Self.width }
  }

  package private(set) var fetches = 0
  package private(set) var passes = 0
  private var bytes = 0
  private var passesThatNameAll = 0
  /// Passes over each strand, and those among them that are ordered against all over other strands.
  private var byStrand = Strands()
  private var wide = Strands()
  private var uses = InFlightTable<Use>()

  package init() {}

  package var isEmpty: Bool { fetches == 0 && passes == 0 }

  // Mutating only because the compiler (6.3) copies all of it, for a borrow by another module.

  /// Whether a client has as much under way as it may.
  package var isFull: Bool {
    mutating get { fetches + passes >= Limits.journeysMax || bytes >= Limits.journeyBytesMax }
  }

  /// Whether a request on its way to Redis names this key.
  package mutating func passNames(_ hash: UInt64) -> Bool {
    passesThatNameAll > 0 || (passes > 0 && uses.contains(hash) { !$0.passes.isNone })
  }

  /// Whether a fetch is for this key.
  package mutating func fetchNames(_ hash: UInt64) -> Bool {
    fetches > 0 && uses.contains(hash) { $0.fetches > 0 }
  }

  /// Whether a request must wait for a fetch that is under way.
  package mutating func fetchNames(anyOf journey: Journey) -> Bool {
    if fetches == 0 { return false }
    if journey.namesAll { return true }
    var isNamed = false
    journey.forEachKey { if fetchNames($0) { isNamed = true } }
    return isNamed
  }

  /// Whether all requests under way to Redis go over a strand, if there are any.
  package mutating func usesOnly(_ strand: CommandStrand) -> Bool { passes == byStrand[strand] }

  /// Whether requests are under way over a strand.
  package mutating func uses(_ strand: CommandStrand) -> Bool { byStrand[strand] > 0 }

  /// The strand that a request takes which would rather take `strand`, so that it keeps its order with those that
  /// name the same key: it follows them, or (nil) waits until they are answered. Nothing follows onto the
  /// strand of reads but reads, which are held back by nothing.
  package mutating func strand(of journey: Journey, preferring strand: CommandStrand)
    -> CommandStrand?
  {
    if usesOnly(strand) { return strand }
    var chosen = strand
    for place in 0..<CommandStrand.count {
      guard let other = CommandStrand(place: place), other != strand,
        mustKeepOrder(journey, with: other)
      else { continue }
      if other == .reads || chosen != strand { return nil }
      chosen = other
    }
    return chosen == strand || !mustKeepOrder(journey, with: strand) ? chosen : nil
  }

  private mutating func mustKeepOrder(_ journey: Journey, with strand: CommandStrand) -> Bool {
    if byStrand[strand] == 0 { return false }
    if journey.isWide || wide[strand] > 0 { return true }
    var isNamed = false
    journey.forEachKey { hash in
      if uses.contains(hash, where: { $0.passes[strand] > 0 }) { isNamed = true }
    }
    return isNamed
  }

  package mutating func begin(_ journey: Journey) { change(journey, by: 1) }
  package mutating func end(_ journey: Journey) { change(journey, by: -1) }

  private mutating func change(_ journey: Journey, by step: Int) {
    switch journey.way {
    case .fetch: fetches += step
    case .pass:
      passes += step
      byStrand.add(step, to: journey.strand)
      if journey.isWide { wide.add(step, to: journey.strand) }
    }
    bytes += journey.bytes * step
    if journey.namesAll { passesThatNameAll += step }
    let strand = journey.way == .pass ? journey.strand : nil
    journey.forEachKey { change($0, over: strand, by: step) }
  }

  /// A fetch, where there is no strand.
  private mutating func change(_ hash: UInt64, over strand: CommandStrand?, by step: Int) {
    let isKnown = uses.update(hash) { use in
      var use = use
      if let strand { use.passes.add(step, to: strand) } else { use.add(fetches: step) }
      return use.isNone ? nil : use
    }
    if isKnown { return }
    var use = Use()
    if let strand { use.passes.add(step, to: strand) } else { use.add(fetches: step) }
    uses.add(use, hash: hash)
  }
}
