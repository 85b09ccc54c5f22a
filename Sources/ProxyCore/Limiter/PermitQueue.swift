/// The limiter without threads, clocks or tasks: so many permits, and a line of those who wait for
/// one.
///
/// Events come in as calls; who has to be told what comes out, as the waiter returned. Waiters are
/// slots of one table, in two orders: the line, by arrival, which is a list, and the deadlines,
/// which are a heap, so that no order of deadlines is a bad one. A slot is used again by a later
/// waiter, so all of it grows to the longest line there was and no further.
///
/// Where a cost is O(log n), n is how many wait with a deadline. On top of that comes, while the
/// line grows longer than it ever was, the growth of the tables: O(1) for each waiter on average.
struct PermitQueue<Waiter>: ~Copyable {
  /// One waiter's place in the line, told from those who had the same slot before.
  struct SlotToken: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
  }

  enum QueueAdmission {
    /// A permit was free and is now the caller's.
    case granted
    case queued(SlotToken)
    /// The line is full.
    case refused
  }

  private struct PermitSlot {
    var waiter: Waiter?
    var generation: UInt32 = 0
  }

  /// How many may be taken. Below `permitsInUse` only after it was lowered, until enough are
  /// released.
  var permits: Int
  /// How many may wait. Below `waiting` only after it was lowered, until enough have left.
  var queueLimit: Int
  private(set) var permitsInUse = 0
  private(set) var waiting = 0

  private var slots: [PermitSlot] = []
  private var slotsFree: [UInt32] = []
  private var line = SlotList()
  private var deadlines = DeadlineHeap()

  init(permits: Int, queueLimit: Int) {
    self.permits = permits
    self.queueLimit = queueLimit
  }

  /// Takes a permit if one is free and the line is empty. O(1).
  mutating func take() -> Bool {
    guard permitsInUse < permits, waiting == 0 else { return false }
    permitsInUse &+= 1
    return true
  }

  /// Takes a permit, or a place at the end of the line.
  ///
  /// O(log n); O(1) where deadlines come in order, as they do when all wait equally long, or are
  /// the distant future, which is none.
  mutating func enqueue(_ waiter: Waiter, deadline: Moment) -> QueueAdmission {
    if take() { return .granted }
    guard waiting < queueLimit else { return .refused }
    let slot = emptySlot()
    slots[Int(slot)].waiter = waiter
    line.append(slot)
    if deadline != .distantFuture { deadlines.insert(slot, deadline: deadline) }
    waiting &+= 1
    return .queued(SlotToken(slot: slot, generation: slots[Int(slot)].generation))
  }

  /// Gives a permit back; false, and nothing is done, if the line is not empty. O(1).
  mutating func putBack() -> Bool {
    if waiting > 0 { return false }
    precondition(permitsInUse > 0, "a permit was released that was not held")
    permitsInUse &-= 1
    return true
  }

  /// Gives a permit back, or on: the waiter returned holds it now. O(log n).
  mutating func release() -> Waiter? {
    precondition(permitsInUse > 0, "a permit was released that was not held")
    permitsInUse &-= 1
    return grantNext()
  }

  /// Gives a free permit to the head of the line. O(log n). After `permits` grew, call it until it
  /// returns nil.
  mutating func grantNext() -> Waiter? {
    guard permitsInUse < permits, line.first != SlotList.none else { return nil }
    permitsInUse &+= 1
    return remove(line.first)
  }

  /// Leaves the line. Nil if the waiter has left it already. O(log n).
  mutating func cancel(_ token: SlotToken) -> Waiter? {
    guard token.slot < slots.count, slots[Int(token.slot)].generation == token.generation else {
      return nil
    }
    return remove(token.slot)
  }

  /// Takes one waiter whose deadline has come out of the line, the earliest first and of equal ones
  /// the first that came. O(log n).
  mutating func expireNext(now: Moment) -> Waiter? {
    guard let (slot, deadline) = deadlines.first, deadline <= now else { return nil }
    return remove(slot)
  }

  /// O(1).
  var earliestDeadline: Moment? { deadlines.first?.deadline }

  /// Whether the two orders and the counts agree. O(slots); for tests.
  func isConsistent() -> Bool {
    guard let line = line.orderChecked(), let timed = deadlines.slotsChecked() else {
      return false
    }
    return line.count == waiting && waiting + slotsFree.count == slots.count
      && line.allSatisfy { slots[Int($0)].waiter != nil }
      && slotsFree.allSatisfy { slots[Int($0)].waiter == nil }
      && Set(line).isSuperset(of: timed)
  }
}

extension PermitQueue {
  private mutating func emptySlot() -> UInt32 {
    if let slot = slotsFree.popLast() { return slot }
    slots.append(PermitSlot())
    line.addSlot()
    deadlines.addSlot()
    return UInt32(slots.count - 1)
  }

  private mutating func remove(_ slot: UInt32) -> Waiter? {
    let index = Int(slot)
    line.remove(slot)
    deadlines.remove(slot)
    waiting &-= 1
    // The generation changes as the slot empties, so that a token fits only while its waiter waits.
    slots[index].generation &+= 1
    slotsFree.append(slot)
    return slots[index].waiter.take()
  }
}
