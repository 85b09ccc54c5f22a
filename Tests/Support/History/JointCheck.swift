/// Searches for an order of all operations that explains all observations, over the joint state of
/// several keys: the search of Wing and Gong, with Lowe's memory of what was seen ("Testing for
/// Linearizability", 2017), in the order of time.
///
/// It goes through the invocations and returns and keeps the frontier: all configurations that can be
/// reached by now, each a joint state with those pending operations that have already taken effect. At
/// the return of an operation, each configuration in which it has not taken effect is led to all those
/// in which it just has. An empty frontier proves that there is no explanation; and where nothing is
/// pending, the frontier is a set of states, so that a long history is as cheap as its parts.
///
/// Three savings, none of which loses an explanation:
/// - An operation takes effect only at its own return, or before one at whose return it is needed:
///   delaying it further can always be made up for.
/// - A read takes effect at the first moment at which it is satisfied: it changes nothing, so being rid
///   of it sooner forbids nothing.
/// - For an operation to take effect, only those need to do so before it which touch a key of its, or of
///   such a one: the others commute with all these and can follow.
struct JointCheck {
  enum Result: Equatable {
    case explained
    /// At the return of this operation.
    case contradicted(Int)
    /// So many operations had not returned yet.
    case gaveUp(unexamined: Int)
  }

  private typealias Slots = UInt128

  private struct Configuration: Hashable {
    var state: JointState
    /// The pending operations that have taken effect.
    var done: Slots
  }

  private enum Stage { case future, past, pending(Slots) }

  private struct Event {
    let time: Int
    let operation: Int
    let isReturn: Bool
  }

  private let evidence: Evidence
  private let operations: JointOperations?
  private let configurationsMax: Int
  private var stages: [Stage]
  private var pending: [Int] = []
  private var freeSlots = Slots.max
  private var frontier: Set<Configuration> = []

  /// A check that looks at no more than so many configurations for one return.
  init(_ evidence: Evidence, configurationsMax: Int) {
    self.evidence = evidence.withoutIdleWrites()
    self.configurationsMax = configurationsMax
    operations = JointOperations(self.evidence)
    stages = Array(repeating: .future, count: self.evidence.operations.count)
  }

  /// Goes through all events.
  mutating func run() -> Result {
    guard let operations else { return .gaveUp(unexamined: stages.count) }
    let start = JointState(repeating: 0, count: operations.registerCount)
    frontier = [Configuration(state: start, done: 0)]
    for event in events() {
      if event.isReturn {
        guard finish(event.operation, operations) else { return gaveUp() }
        if frontier.isEmpty { return .contradicted(event.operation) }
      } else {
        guard begin(event.operation, operations) else { return gaveUp() }
      }
    }
    return .explained
  }

  private func events() -> [Event] {
    var events: [Event] = []
    for (number, operation) in evidence.operations.enumerated() {
      events.append(Event(time: operation.invoked, operation: number, isReturn: false))
      if operation.returned != .max {
        events.append(Event(time: operation.returned, operation: number, isReturn: true))
      }
    }
    return events.sorted { $0.time < $1.time }
  }

  private func gaveUp() -> Result {
    let unexamined = stages.count { if case .past = $0 { false } else { true } }
    return .gaveUp(unexamined: unexamined)
  }

  private mutating func begin(_ operation: Int, _ operations: JointOperations) -> Bool {
    guard freeSlots != 0 else { return false }
    let slot: Slots = 1 << freeSlots.trailingZeroBitCount
    freeSlots &= ~slot
    stages[operation] = .pending(slot)
    pending.append(operation)
    if operations.isRead[operation] {
      frontier = Set(frontier.map { settled($0, operations) })
    }
    return true
  }

  /// False where it would be too much work.
  private mutating func finish(_ operation: Int, _ operations: JointOperations) -> Bool {
    guard case .pending(let slot) = stages[operation] else { return true }
    let without = evidence.operations[operation].isOptional ? frontier : []
    guard lead(to: operation, slot, operations) else { return false }
    // What is optional may also never have taken effect.
    frontier.formUnion(without)
    frontier = Set(frontier.map { Configuration(state: $0.state, done: $0.done & ~slot) })
    freeSlots |= slot
    stages[operation] = .past
    pending.removeAll { $0 == operation }
    // Its followers may take effect now.
    frontier = Set(frontier.map { settled($0, operations) })
    return true
  }

  /// Leads each configuration to those in which the operation has taken effect.
  private mutating func lead(
    to operation: Int, _ slot: Slots, _ operations: JointOperations
  ) -> Bool {
    let candidates = relevant(to: operation, operations)
    var seen = frontier
    var border = Array(frontier)
    frontier = []
    while let configuration = border.popLast() {
      if configuration.done & slot != 0 {
        frontier.insert(configuration)
        continue
      }
      for candidate in candidates {
        for next in successors(of: configuration, by: candidate, operations)
        where seen.insert(next).inserted { border.append(next) }
      }
      if seen.count > configurationsMax { return false }
    }
    return true
  }

  /// The pending operations that are connected to this one by common keys, itself included.
  private func relevant(to operation: Int, _ operations: JointOperations) -> [Int] {
    // Program order may connect it with others too.
    if pending.contains(where: { evidence.operations[$0].call.namesAll }) { return pending }
    var registers = operations.touched[operation]
    var result = [operation]
    var rest = pending.filter { $0 != operation }
    while let place = rest.firstIndex(where: { operations.touched[$0] & registers != 0 }) {
      registers |= operations.touched[rest[place]]
      result.append(rest.remove(at: place))
    }
    return result
  }

  private func successors(
    of configuration: Configuration, by operation: Int, _ operations: JointOperations
  ) -> [Configuration] {
    guard case .pending(let slot) = stages[operation], configuration.done & slot == 0,
      isFree(operation, configuration.done)
    else { return [] }
    return operations.outcomes(of: operation, in: configuration.state).map {
      settled(Configuration(state: $0, done: configuration.done | slot), operations)
    }
  }

  /// Whether all that program order puts before it have taken effect.
  private func isFree(_ operation: Int, _ done: Slots) -> Bool {
    evidence.before[operation].allSatisfy { earlier in
      switch stages[earlier] {
      case .past: true
      case .pending(let slot): done & slot != 0
      case .future: false
      }
    }
  }

  /// With all pending reads done that are satisfied as it is.
  private func settled(
    _ configuration: Configuration, _ operations: JointOperations
  ) -> Configuration {
    var result = configuration
    var wasChanged = true
    while wasChanged {
      wasChanged = false
      for operation in pending where operations.isRead[operation] {
        guard case .pending(let slot) = stages[operation], result.done & slot == 0,
          isFree(operation, result.done),
          operations.outcomes(of: operation, in: result.state) == [result.state]
        else { continue }
        result.done |= slot
        wasChanged = true
      }
    }
    return result
  }
}
