/// The few things of a shard that are under way at a moment, found by the hash of the key that they are
/// about. One hash may have several. Linear probing, at most half full, so every operation is O(1); the
/// table is as large as the most that was ever under way, and those who add to it are bounded.
struct InFlightTable<Payload> {
  private var places: [(hash: UInt64, payload: Payload)?] = []
  private(set) var count = 0

  /// The first payload under `hash` that `matches`, changed in place by `change`, which returns nil to
  /// have it removed. Says whether there was one.
  @discardableResult
  mutating func update(
    _ hash: UInt64, where matches: (Payload) -> Bool = { _ in true },
    _ change: (Payload) -> Payload?
  ) -> Bool {
    guard let place = find(hash, where: matches), let (_, payload) = places[place] else {
      return false
    }
    if let changed = change(payload) {
      places[place] = (hash, changed)
    } else {
      remove(at: place)
    }
    return true
  }

  func contains(_ hash: UInt64, where matches: (Payload) -> Bool = { _ in true }) -> Bool {
    count > 0 && find(hash, where: matches) != nil
  }

  mutating func add(_ payload: Payload, hash: UInt64) {
    if (count + 1) * 2 > places.count { grow() }
    count += 1
    put((hash, payload))
  }

  /// Removes everything under `hash`.
  mutating func removeAll(_ hash: UInt64) {
    while count > 0, let place = find(hash, where: { _ in true }) { remove(at: place) }
  }

  mutating func removeAll() {
    places = []
    count = 0
  }

  private func home(_ hash: UInt64) -> Int {
    // Bits that choose neither the shard nor the bucket's tag.
    Int(truncatingIfNeeded: hash &>> 8) & (places.count &- 1)
  }

  private func find(_ hash: UInt64, where matches: (Payload) -> Bool) -> Int? {
    if places.isEmpty { return nil }
    var place = home(hash)
    while let (other, payload) = places[place] {
      if other == hash && matches(payload) { return place }
      place = (place &+ 1) & (places.count &- 1)
    }
    return nil
  }

  private mutating func put(_ element: (hash: UInt64, payload: Payload)) {
    var place = home(element.hash)
    while places[place] != nil { place = (place &+ 1) & (places.count &- 1) }
    places[place] = element
  }

  private mutating func grow() {
    let old = places
    places = Array(repeating: nil, count: max(8, old.count * 2))
    for element in old { if let element { put(element) } }
  }

  /// Empties a place and moves up those behind it that it kept from their own.
  private mutating func remove(at hole: Int) {
    var hole = hole
    var place = hole
    count -= 1
    while true {
      places[hole] = nil
      while true {
        place = (place &+ 1) & (places.count &- 1)
        guard let element = places[place] else { return }
        let distance = (place &- home(element.hash)) & (places.count &- 1)
        if distance >= (place &- hole) & (places.count &- 1) { break }
      }
      places[hole] = places[place]
      hole = place
    }
  }
}
