/// The few things of a shard that are under way at a moment, found by the hash of the key that they are
/// about. One hash may have several. Linear probing, at most half full, so every operation is O(1); the
/// table is as large as the most that was ever under way, and those who add to it are bounded.
///
/// In memory of its own rather than in an array, whose checks would be most of what a request costs here.
@safe
struct InFlightTable<Payload>: ~Copyable {
  private struct Cell {
    var hash: UInt64 = 0
    /// Nil: nothing here.
    var payload: Payload?
  }

  /// All places are initialized.
  private var places: UnsafeMutablePointer<Cell>?
  /// A power of two, or 0.
  private var capacity = 0
  private(set) var count = 0

  private static var capacityMin: Int { 8 }

  init() { unsafe places = nil }

  deinit { unsafe Self.free(places, capacity) }

  /// The first payload under `hash` that `matches`, changed in place by `change`, which returns nil to
  /// have it removed. Says whether there was one.
  @discardableResult
  mutating func update(
    _ hash: UInt64, where matches: (Payload) -> Bool = { _ in true },
    _ change: (Payload) -> Payload?
  ) -> Bool {
    guard let place = find(hash, where: matches), let payload = unsafe at(place).pointee.payload
    else { return false }
    if let changed = change(payload) {
      unsafe at(place).pointee.payload = changed
    } else {
      remove(at: place)
    }
    return true
  }

  func contains(_ hash: UInt64, where matches: (Payload) -> Bool = { _ in true }) -> Bool {
    find(hash, where: matches) != nil
  }

  mutating func add(_ payload: Payload, hash: UInt64) {
    if (count &+ 1) &* 2 > capacity { grow() }
    count &+= 1
    put(Cell(hash: hash, payload: payload))
  }

  /// Removes everything under `hash`.
  mutating func removeAll(_ hash: UInt64) {
    while let place = find(hash, where: { _ in true }) { remove(at: place) }
  }

  mutating func removeAll() {
    unsafe Self.free(places, capacity)
    unsafe places = nil
    capacity = 0
    count = 0
  }

  private func home(_ hash: UInt64) -> Int {
    // Bits that choose neither the shard nor the bucket's tag.
    Int(truncatingIfNeeded: hash &>> 8) & (capacity &- 1)
  }

  private func place(behind place: Int) -> Int { (place &+ 1) & (capacity &- 1) }

  /// In bounds: every place comes from `home` or `place(behind:)`, and they are asked only where there is
  /// something, or room for it.
  private func at(_ place: Int) -> UnsafeMutablePointer<Cell> {
    unsafe places.unsafelyUnwrapped + place
  }

  private func find(_ hash: UInt64, where matches: (Payload) -> Bool) -> Int? {
    if count == 0 { return nil }
    var place = home(hash)
    while let payload = unsafe at(place).pointee.payload {
      if unsafe at(place).pointee.hash == hash && matches(payload) { return place }
      place = self.place(behind: place)
    }
    return nil
  }

  private mutating func put(_ element: Cell) {
    var place = home(element.hash)
    while unsafe at(place).pointee.payload != nil { place = self.place(behind: place) }
    unsafe at(place).pointee = element
  }

  @inline(never)
  private mutating func grow() {
    let (old, oldCapacity) = unsafe (places, capacity)
    capacity = max(Self.capacityMin, capacity &* 2)
    let larger = UnsafeMutablePointer<Cell>.allocate(capacity: capacity)
    unsafe larger.initialize(repeating: Cell(), count: capacity)
    unsafe places = larger
    guard let old = unsafe old else { return }
    for place in 0..<oldCapacity where unsafe old[place].payload != nil { put(unsafe old[place]) }
    unsafe Self.free(old, oldCapacity)
  }

  private static func free(_ places: UnsafeMutablePointer<Cell>?, _ capacity: Int) {
    guard let places = unsafe places else { return }
    unsafe places.deinitialize(count: capacity)
    unsafe places.deallocate()
  }

  /// Empties a place and moves up those behind it that it kept from their own.
  private mutating func remove(at hole: Int) {
    var hole = hole
    var place = hole
    count &-= 1
    while true {
      place = self.place(behind: place)
      guard unsafe at(place).pointee.payload != nil else { break }
      let distance = (place &- home(unsafe at(place).pointee.hash)) & (capacity &- 1)
      if distance >= (place &- hole) & (capacity &- 1) {
        unsafe at(hole).pointee = at(place).pointee
        hole = place
      }
    }
    unsafe at(hole).pointee.payload = nil
  }
}
