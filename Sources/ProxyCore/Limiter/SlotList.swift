/// An order of slots, kept outside of the slots themselves: which comes before and after each.
///
/// Inserting and removing are O(1) anywhere. A slot is in the list at most once; the caller knows
/// whether.
struct SlotList {
  static let none = UInt32.max

  private struct Neighbours {
    var previous = none
    var next = none
  }

  private(set) var first = none
  private(set) var last = none
  private var neighbours: [Neighbours] = []

  /// Knows one more slot from now on, which is not in the list yet.
  mutating func addSlot() { neighbours.append(Neighbours()) }

  func previous(of slot: UInt32) -> UInt32 { neighbours[Int(slot)].previous }

  /// Puts `slot` behind `previous`, or at the front where that is `none`.
  mutating func insert(_ slot: UInt32, after previous: UInt32) {
    let next = previous == Self.none ? first : neighbours[Int(previous)].next
    neighbours[Int(slot)] = Neighbours(previous: previous, next: next)
    if previous == Self.none { first = slot } else { neighbours[Int(previous)].next = slot }
    if next == Self.none { last = slot } else { neighbours[Int(next)].previous = slot }
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
