/// The deadlines of some slots, kept outside of the slots themselves: a binary heap, and for each
/// slot where in it it is.
///
/// The earliest is known in O(1); others come and go in O(log n), in whatever order. Equal
/// deadlines stand in the order in which they came.
struct DeadlineHeap {
  private struct HeapEntry {
    var deadline: Moment
    /// Counts the entries there ever were. 64 bits, so that it never starts again.
    var arrival: UInt64
    var slot: UInt32

    static func < (left: HeapEntry, right: HeapEntry) -> Bool {
      left.deadline == right.deadline
        ? left.arrival < right.arrival : left.deadline < right.deadline
    }
  }

  private static let nowhere = UInt32.max

  private var heap: [HeapEntry] = []
  /// Where in `heap` each slot is; `nowhere` for those that have no deadline.
  private var positions: [UInt32] = []
  private var arrivals: UInt64 = 0

  /// The slot whose deadline is the earliest, and that deadline. O(1).
  var first: (slot: UInt32, deadline: Moment)? {
    heap.isEmpty ? nil : (heap[0].slot, heap[0].deadline)
  }

  /// Knows one more slot from now on, which has no deadline yet.
  mutating func addSlot() { positions.append(Self.nowhere) }

  /// Gives `slot`, which has none, a deadline. O(log n); O(1) if no other is later.
  mutating func insert(_ slot: UInt32, deadline: Moment) {
    assert(positions[Int(slot)] == Self.nowhere, "a slot has one deadline at most")
    let entry = HeapEntry(deadline: deadline, arrival: arrivals, slot: slot)
    arrivals &+= 1
    heap.append(entry)
    moveUp(entry, from: heap.count - 1)
  }

  /// Forgets the deadline of `slot`, if it has one. O(log n).
  mutating func remove(_ slot: UInt32) {
    let position = Int(positions[Int(slot)])
    guard position != Int(Self.nowhere) else { return }
    positions[Int(slot)] = Self.nowhere
    let last = heap.removeLast()
    guard position < heap.count else { return }
    if position > 0, last < heap[Self.parent(of: position)] {
      moveUp(last, from: position)
    } else {
      moveDown(last, from: position)
    }
  }

  /// The slots that have a deadline, having checked that no deadline is earlier than the one above
  /// it and that each slot knows its place. O(slots); for tests.
  func slotsChecked() -> [UInt32]? {
    let ordered = heap.indices.dropFirst().allSatisfy { heap[Self.parent(of: $0)] < heap[$0] }
    let placed = heap.indices.allSatisfy { Int(positions[Int(heap[$0].slot)]) == $0 }
    guard ordered, placed, positions.count(where: { $0 != Self.nowhere }) == heap.count else {
      return nil
    }
    return heap.map(\.slot)
  }
}

extension DeadlineHeap {
  private static func parent(of position: Int) -> Int { (position - 1) / 2 }

  /// Puts `entry` at `start` or above, where what was at `start` may be lost.
  private mutating func moveUp(_ entry: HeapEntry, from start: Int) {
    var position = start
    while position > 0 {
      let parent = Self.parent(of: position)
      guard entry < heap[parent] else { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(entry, at: position)
  }

  /// Puts `entry` at `start` or below, where what was at `start` may be lost.
  private mutating func moveDown(_ entry: HeapEntry, from start: Int) {
    var position = start
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < entry else { break }
      place(heap[child], at: position)
      position = child
    }
    place(entry, at: position)
  }

  private mutating func place(_ entry: HeapEntry, at position: Int) {
    heap[position] = entry
    positions[Int(entry.slot)] = UInt32(position)
  }
}
