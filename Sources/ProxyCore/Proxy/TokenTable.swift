/// Things under way, each under a token that is not given out again before 2^31 others of its place: who
/// comes with a token of something that has ended finds nothing. All operations are O(1), and a steady state allocates
/// nothing. What is under way is never copied.
@safe
struct TokenTable<Element: ~Copyable>: ~Copyable {
  private struct TokenPlace {
    var serial: UInt32 = 0
    var isTaken = false
    /// Of a free place, the next one that is free.
    var next = UInt32.max
  }

  private var places: [TokenPlace] = []
  /// As many, initialized where a place is taken.
  private var elements: UnsafeMutablePointer<Element>?
  private var capacity = 0
  /// The first free place, if there is one.
  private var free = UInt32.max
  private(set) var count = 0

  private static var capacityMin: Int { 8 }

  init() { unsafe elements = nil }

  deinit {
    guard let elements = unsafe elements else { return }
    for place in places.indices where places[place].isTaken {
      unsafe (elements + place).deinitialize(count: 1)
    }
    unsafe elements.deallocate()
  }

  /// Never 0, which is a link's own token, and never more than 63 bits.
  mutating func insert(_ element: consuming Element) -> UInt64 {
    let place: Int
    if free != .max {
      place = Int(free)
      free = places[place].next
    } else {
      place = places.count
      if place == capacity { grow() }
      places.append(TokenPlace())
    }
    let serial = (places[place].serial &+ 1) & 0x7FFF_FFFF
    places[place].serial = max(1, serial)
    places[place].isTaken = true
    unsafe at(place).initialize(to: element)
    count &+= 1
    return token(of: place)
  }

  /// Changes in place, or only looks at, what a token stands for; nil where it is not there any more.
  @discardableResult @inline(__always)
  mutating func change<Result>(_ token: UInt64, _ body: (inout Element) -> Result) -> Result? {
    guard let place = find(token) else { return nil }
    return unsafe body(&at(place).pointee)
  }

  @discardableResult
  mutating func remove(_ token: UInt64) -> Element? {
    guard let place = find(token) else { return nil }
    places[place].isTaken = false
    places[place].next = free
    free = UInt32(truncatingIfNeeded: place)
    count &-= 1
    return unsafe at(place).move()
  }

  /// All that is under way. O(the most there ever was), for the end.
  var tokens: [UInt64] { places.indices.filter { places[$0].isTaken }.map { token(of: $0) } }

  private func token(of place: Int) -> UInt64 {
    UInt64(places[place].serial) &<< 32 | UInt64(truncatingIfNeeded: place)
  }

  /// In bounds for every index of `places`.
  private func at(_ place: Int) -> UnsafeMutablePointer<Element> {
    unsafe elements.unsafelyUnwrapped + place
  }

  private func find(_ token: UInt64) -> Int? {
    let place = Int(token & 0xFFFF_FFFF)
    guard place < places.count, places[place].isTaken,
      UInt64(places[place].serial) == token &>> 32
    else { return nil }
    return place
  }

  /// All places are taken.
  @inline(never)
  private mutating func grow() {
    let larger = max(Self.capacityMin, capacity &* 2)
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    if let elements = unsafe elements {
      unsafe moved.moveInitialize(from: elements, count: capacity)
      unsafe elements.deallocate()
    }
    unsafe elements = moved
    capacity = larger
  }
}

extension TokenTable where Element: Copyable {
  /// A copy.
  subscript(token: UInt64) -> Element? { find(token).map { unsafe at($0).pointee } }
}
