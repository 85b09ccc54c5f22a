/// An order of slots, kept outside of the slots themselves: which comes before and after each.
///
/// Appending is O(1), and so is removing, from anywhere. A slot is in the list at most once; the
/// caller knows whether.
struct SlotList {
  static let none = UInt32.max

  private struct Neighbours {
    var previous = none
    var next = none
  }

  private(set) var first = none
  private var last = none
  private var neighbours: [Neighbours] = []

  /// Knows one more slot from now on, which is not in the list yet.
  mutating func addSlot() { neighbours.append(Neighbours()) }

  /// Puts `slot` at the end.
  mutating func append(_ slot: UInt32) {
    neighbours[Int(slot)] = Neighbours(previous: last, next: Self.none)
    if last == Self.none { first = slot } else { neighbours[Int(last)].next = slot }
    last = slot
  }

  mutating func remove(_ slot: UInt32) {
    let left = neighbours[Int(slot)]
    if left.previous == Self.none {
      first = left.next
    } else {
      neighbours[Int(left.previous)].next = left.next
    }
    if left.next == Self.none {
      last = left.previous
    } else {
      neighbours[Int(left.next)].previous = left.previous
    }
  }

  /// The slots in order, having checked that they are linked both ways. O(slots); for tests.
  func orderChecked() -> [UInt32]? {
    var order: [UInt32] = []
    var previous = Self.none
    var slot = first
    while slot != Self.none {
      guard neighbours[Int(slot)].previous == previous, order.count < neighbours.count else {
        return nil
      }
      order.append(slot)
      previous = slot
      slot = neighbours[Int(slot)].next
    }
    return previous == last ? order : nil
  }
}
