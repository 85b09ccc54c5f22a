/// The returns of a history in their order, each with the operations that are pending at it.
struct Schedule {
  /// A set of places, one a pending operation, of which there are 256: a read counts as pending for as long
  /// as a script that overlaps it.
  struct Slots: Hashable {
    private var low: UInt128 = 0
    private var high: UInt128 = 0

    static let all = Slots(low: .max, high: .max)
    static let none = Slots(low: 0, high: 0)

    private init(low: UInt128, high: UInt128) {
      self.low = low
      self.high = high
    }

    func intersects(_ other: Slots) -> Bool { low & other.low != 0 || high & other.high != 0 }

    mutating func insert(_ other: Slots) {
      low |= other.low
      high |= other.high
    }

    mutating func remove(_ other: Slots) {
      low &= ~other.low
      high &= ~other.high
    }

    /// Removes one place; nil where there is none.
    mutating func takeOne() -> Slots? {
      if low == 0 && high == 0 { return nil }
      let one =
        low != 0
        ? Slots(low: 1 << low.trailingZeroBitCount, high: 0)
        : Slots(low: 0, high: 1 << high.trailingZeroBitCount)
      remove(one)
      return one
    }
  }

  struct Moment {
    /// The one that returns.
    let operation: Int
    /// All that are invoked and have not returned, itself included, by the time of their return.
    let pending: [Int]
    /// Those of them that are connected to it by common keys.
    let candidates: [Int]
  }

  private(set) var moments: [Moment] = []
  /// For each operation its place, which others have at other times.
  private(set) var slots: [Slots]
  /// For each operation the first moment at which it is pending.
  private(set) var invocations: [Int]
  /// For each operation the moment of its return.
  private(set) var returns: [Int]

  private struct Event {
    let time: Int
    let operation: Int
    let isReturn: Bool
  }

  /// Nil where more are pending at once than there are places.
  init?(_ evidence: Evidence, touched: [UInt64]) {
    let operations = evidence.operations
    slots = Array(repeating: .none, count: operations.count)
    invocations = Array(repeating: .max, count: operations.count)
    returns = Array(repeating: .max, count: operations.count)
    var events: [Event] = []
    for (number, operation) in operations.enumerated() {
      events.append(Event(time: operation.invoked, operation: number, isReturn: false))
      if operation.returned != .max {
        events.append(Event(time: operation.returned, operation: number, isReturn: true))
      }
    }
    var free = Slots.all
    var pending: [Int] = []
    for event in events.sorted(by: { $0.time < $1.time }) {
      let number = event.operation
      if event.isReturn {
        let candidates = Self.connected(to: number, pending, evidence, touched)
        moments.append(Moment(operation: number, pending: pending, candidates: candidates))
        returns[number] = moments.count - 1
        free.insert(slots[number])
        pending.removeAll { $0 == number }
      } else {
        guard let slot = free.takeOne() else { return nil }
        slots[number] = slot
        invocations[number] = moments.count
        let place = pending.firstIndex { operations[$0].returned > operations[number].returned }
        pending.insert(number, at: place ?? pending.count)
      }
    }
  }

  private static func connected(
    to operation: Int, _ pending: [Int], _ evidence: Evidence, _ touched: [UInt64]
  ) -> [Int] {
    // Program order may connect it with others too.
    if pending.contains(where: { evidence.operations[$0].call.namesAll }) { return pending }
    var registers = touched[operation]
    while let more = pending.first(where: {
      touched[$0] & registers != 0 && touched[$0] & ~registers != 0
    }) {
      registers |= touched[more]
    }
    return pending.filter { touched[$0] & registers != 0 }
  }
}
