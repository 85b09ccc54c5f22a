/// A request of a client that is under way, and the keys that it names.
package struct Journey {
  package enum Way: Sendable {
    /// From a key's home: a read that may be kept.
    case fetch
    /// To Redis, over the link that the client's other requests take.
    case pass
  }

  package let way: Way
  /// What it takes of the client's limit.
  package let bytes: Int
  /// It may name any key.
  package var namesAll = false
  /// Of a fetch, what is fetched.
  package var key: [UInt8]?
  fileprivate private(set) var first: UInt64?
  fileprivate private(set) var others: [UInt64] = []

  package init(_ way: Way, bytes: Int) {
    self.way = way
    self.bytes = bytes
  }

  /// Adds a key, by its hash. Two keys that share one only wait for each other in vain.
  package mutating func add(_ hash: UInt64) {
    if first == nil { first = hash } else { others.append(hash) }
  }
}

/// Which keys a client's requests name that are under way, so that another one which names the same
/// key is executed after them: the order rule (DESIGN.md, "Coherence, exactly"). O(keys) each.
package struct Traffic {
  /// How many requests name a key, by the way that they go.
  private struct Use {
    var fetches: Int32 = 0
    var passes: Int32 = 0
  }

  private var uses = InFlightTable<Use>()
  package private(set) var fetches = 0
  package private(set) var passes = 0
  private var bytes = 0
  private var passesThatNameAll = 0

  package init() {}

  package var isEmpty: Bool { fetches == 0 && passes == 0 }
  /// Whether a client has as much under way as it may.
  package var isFull: Bool {
    fetches + passes >= Limits.clientRequestsMax || bytes >= Limits.clientRequestBytesMax
  }

  /// Whether a request on its way to Redis names this key.
  package func passNames(_ hash: UInt64) -> Bool {
    passesThatNameAll > 0 || (passes > 0 && uses.contains(hash) { $0.passes > 0 })
  }

  /// Whether a fetch is for this key.
  package func fetchNames(_ hash: UInt64) -> Bool {
    fetches > 0 && uses.contains(hash) { $0.fetches > 0 }
  }

  /// Whether a request must wait for a fetch that is under way.
  package func fetchNames(anyOf journey: Journey) -> Bool {
    if fetches == 0 { return false }
    if journey.namesAll { return true }
    if let first = journey.first, fetchNames(first) { return true }
    return journey.others.contains { fetchNames($0) }
  }

  package mutating func begin(_ journey: Journey) { change(journey, by: 1) }
  package mutating func end(_ journey: Journey) { change(journey, by: -1) }

  private mutating func change(_ journey: Journey, by step: Int) {
    switch journey.way {
    case .fetch: fetches += step
    case .pass: passes += step
    }
    bytes += journey.bytes * step
    if journey.namesAll { passesThatNameAll += step }
    guard let first = journey.first else { return }
    change(first, journey.way, by: Int32(truncatingIfNeeded: step))
    for hash in journey.others { change(hash, journey.way, by: Int32(truncatingIfNeeded: step)) }
  }

  private mutating func change(_ hash: UInt64, _ way: Journey.Way, by step: Int32) {
    let isKnown = uses.update(hash) { use in
      var use = use
      switch way {
      case .fetch: use.fetches &+= step
      case .pass: use.passes &+= step
      }
      return use.fetches == 0 && use.passes == 0 ? nil : use
    }
    if isKnown { return }
    uses.add(way == .fetch ? Use(fetches: step) : Use(passes: step), hash: hash)
  }
}
