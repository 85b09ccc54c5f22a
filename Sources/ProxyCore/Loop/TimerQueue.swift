/// Deadlines by the thousand: a heap of (deadline, node) over a table of nodes that are used again,
/// so that a steady state allocates nothing. Schedule, cancel and fire are O(log n), the next
/// deadline O(1).
struct TimerQueue {
  private struct Node {
    var generation: UInt32 = 0
    /// Where in `heap` it is; the next free node while it is not in use.
    var position: UInt32
    var token = 0
    var target: (any TimerTarget)?
  }

  private struct ScheduledTimer {
    var deadline: Moment
    var node: UInt32
  }

  private var nodes: [Node] = []
  private var heap: [ScheduledTimer] = []
  private var firstFree = Self.none
  private static let none = UInt32.max

  var count: Int { heap.count }
  var nextDeadline: Moment? { heap.isEmpty ? nil : heap[0].deadline }

  mutating func schedule(
    at deadline: Moment, _ target: any TimerTarget, token: Int
  ) -> TimerHandle {
    let index: UInt32
    if firstFree == Self.none {
      index = UInt32(nodes.count)
      nodes.append(Node(position: 0))
    } else {
      index = firstFree
      firstFree = nodes[Int(index)].position
    }
    nodes[Int(index)].target = target
    nodes[Int(index)].token = token
    heap.append(ScheduledTimer(deadline: deadline, node: index))
    moveUp(heap.count - 1)
    return TimerHandle(node: index, generation: nodes[Int(index)].generation)
  }

  /// Whether there was something to cancel.
  @discardableResult
  mutating func cancel(_ handle: TimerHandle) -> Bool {
    guard let position = position(of: handle) else { return false }
    remove(at: position)
    return true
  }

  /// Whether the timer was still there to be moved.
  mutating func reschedule(_ handle: TimerHandle, at deadline: Moment) -> Bool {
    guard let position = position(of: handle) else { return false }
    let earlier = deadline < heap[position].deadline
    heap[position].deadline = deadline
    if earlier { moveUp(position) } else { moveDown(position) }
    return true
  }

  /// Takes the earliest timer off if its deadline has come.
  mutating func removeDue(at now: Moment) -> (target: any TimerTarget, token: Int)? {
    guard !heap.isEmpty, heap[0].deadline <= now else { return nil }
    let node = nodes[Int(heap[0].node)]
    remove(at: 0)
    guard let target = node.target else { preconditionFailure("a scheduled timer has no target") }
    return (target, node.token)
  }

  mutating func removeAll() {
    while !heap.isEmpty { remove(at: heap.count - 1) }
  }

  private func position(of handle: TimerHandle) -> Int? {
    let index = Int(handle.node)
    guard index < nodes.count, nodes[index].generation == handle.generation else { return nil }
    return Int(nodes[index].position)
  }

  private mutating func remove(at position: Int) {
    let index = heap[position].node
    assert(nodes[Int(index)].position == UInt32(position), "a node does not know its place")
    let last = heap.removeLast()
    if position < heap.count {
      place(last, at: position)
      moveUp(position)
      moveDown(Int(nodes[Int(heap[position].node)].position))
    }
    nodes[Int(index)].target = nil
    nodes[Int(index)].generation &+= 1
    nodes[Int(index)].position = firstFree
    firstFree = index
  }

  private mutating func moveUp(_ start: Int) {
    var position = start
    let entry = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      if heap[parent].deadline <= entry.deadline { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(entry, at: position)
  }

  private mutating func moveDown(_ start: Int) {
    var position = start
    let entry = heap[position]
    while true {
      var child = 2 * position + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
      if entry.deadline <= heap[child].deadline { break }
      place(heap[child], at: position)
      position = child
    }
    place(entry, at: position)
  }

  private mutating func place(_ entry: ScheduledTimer, at position: Int) {
    heap[position] = entry
    nodes[Int(entry.node)].position = UInt32(position)
  }
}
