/// The returns of a history in their order, each with the operations that are pending at it.
struct Schedule {
  /// One bit a pending operation.
  typealias Slots = UInt128

  struct Moment {
    /// The one that returns.
    let operation: Int
    /// All that are invoked and have not returned, itself included, by the time of their return.
    let pending: [Int]
    /// Those of them that are connected to it by common keys.
    let candidates: [Int]
  }

  private(set) var moments: [Moment] = []
  /// For each operation its bit, which others have at other times.
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

  /// Nil where more are pending at once than there are bits.
  init?(_ evidence: Evidence, touched: [UInt64]) {
    let operations = evidence.operations
    slots = Array(repeating: 0, count: operations.count)
    invocations = Array(repeating: .max, count: operations.count)
    returns = Array(repeating: .max, count: operations.count)
    var events: [Event] = []
    for (number, operation) in operations.enumerated() {
      events.append(Event(time: operation.invoked, operation: number, isReturn: false))
      if operation.returned != .max {
        events.append(Event(time: operation.returned, operation: number, isReturn: true))
      }
    }
    var free = Slots.max
    var pending: [Int] = []
    for event in events.sorted(by: { $0.time < $1.time }) {
      let number = event.operation
      if event.isReturn {
        let candidates = Self.connected(to: number, pending, evidence, touched)
        moments.append(Moment(operation: number, pending: pending, candidates: candidates))
        returns[number] = moments.count - 1
        free |= slots[number]
        pending.removeAll { $0 == number }
      } else {
        guard free != 0 else { return nil }
        slots[number] = 1 << free.trailingZeroBitCount
        free &= ~slots[number]
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
