/// Things under way, each under a token that is never given out again: who comes with a token of
/// something that has ended finds nothing. All operations are O(1), and a steady state allocates
/// nothing.
struct TokenTable<Element> {
  private struct Place {
    var serial: UInt32 = 0
    var element: Element?
  }

  private var places: [Place] = []
  private var free: [UInt32] = []
  private(set) var count = 0

  /// Never 0, which is a link's own token, and never more than 63 bits.
  mutating func insert(_ element: Element) -> UInt64 {
    let index: UInt32
    if let last = free.popLast() {
      index = last
    } else {
      index = UInt32(truncatingIfNeeded: places.count)
      places.append(Place())
    }
    let place = Int(index)
    places[place].serial = (places[place].serial &+ 1) & 0x7FFF_FFFF
    if places[place].serial == 0 { places[place].serial = 1 }
    places[place].element = element
    count += 1
    return UInt64(places[place].serial) &<< 32 | UInt64(index)
  }

  /// Changed in place. Nothing happens to what is not there.
  subscript(token: UInt64) -> Element? {
    get { find(token).flatMap { places[$0].element } }
    _modify {
      if let place = find(token) {
        yield &places[place].element
      } else {
        var none: Element?
        yield &none
      }
    }
  }

  @discardableResult
  mutating func remove(_ token: UInt64) -> Element? {
    guard let place = find(token), let element = places[place].element.take() else { return nil }
    free.append(UInt32(truncatingIfNeeded: place))
    count -= 1
    return element
  }

  /// All that is under way. O(the most there ever was), for the end.
  var tokens: [UInt64] {
    places.indices.filter { places[$0].element != nil }.map {
      UInt64(places[$0].serial) &<< 32 | UInt64($0)
    }
  }

  private func find(_ token: UInt64) -> Int? {
    let place = Int(token & 0xFFFF_FFFF)
    guard place < places.count, UInt64(places[place].serial) == token &>> 32 else { return nil }
    return place
  }
}
