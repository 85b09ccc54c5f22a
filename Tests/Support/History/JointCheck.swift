/// Searches for an order of all operations that explains all observations, over the joint state of
/// several keys: the search of Wing and Gong with Lowe's memory ("Testing for Linearizability", 2017).
///
/// It goes from return to return: at each, the operation that returns must have taken effect. A
/// configuration is a joint state with those pending operations that have taken effect; from one in
/// which the returning operation has not, the search branches into who takes effect next. It goes deep
/// first, forgets no configuration that failed, and so finds an explanation in about linear time where
/// there is one; where there is none, it ends when all configurations have failed.
///
/// Four savings, none of which loses an explanation:
/// - An operation takes effect only at its own return, or before one at whose return it is needed:
///   delaying it further can always be made up for.
/// - A read takes effect at the first moment at which it is satisfied: it changes nothing, so being rid
///   of it sooner forbids nothing.
/// - For an operation to take effect, only those need to do so before it which touch a key of its, or of
///   such a one: the others commute with all these and can follow.
/// - A value does not come back. So nothing may end it while somebody has yet to see it.
struct JointCheck {
  enum Result: Equatable {
    case explained
    /// No configuration gets past the return at this time.
    case contradicted(time: Int)
    /// So many operations had not returned yet.
    case gaveUp(unexamined: Int)
  }

  private struct Configuration: Hashable {
    /// How many returns are behind it.
    var moment: Int
    var state: JointState
    /// The pending operations that have taken effect.
    var done: Schedule.Slots
  }

  private let evidence: Evidence
  private let operations: JointOperations?
  private let schedule: Schedule?
  private let configurationsMax: Int
  private var seen: Set<Configuration> = []
  private var border: [Configuration] = []

  /// A check that looks at no more than so many configurations without coming any further.
  init(_ evidence: Evidence, configurationsMax: Int) {
    let evidence = evidence.withoutIdleWrites()
    let operations = JointOperations(evidence)
    self.evidence = evidence
    self.operations = operations
    self.configurationsMax = configurationsMax
    schedule = operations.flatMap { Schedule(evidence, touched: $0.touched) }
  }

  /// Searches.
  mutating func run() -> Result {
    guard let operations, let schedule else {
      return .gaveUp(unexamined: evidence.operations.count)
    }
    let start = JointState(repeating: 0, count: operations.registerCount)
    reach(Configuration(moment: 0, state: start, done: .none), operations, schedule)
    var furthest = 0
    var budget = configurationsMax
    while let configuration = border.popLast() {
      if configuration.moment == schedule.moments.count { return .explained }
      if configuration.moment > furthest {
        furthest = configuration.moment
        budget = configurationsMax
      }
      budget -= 1
      if budget < 0 { return .gaveUp(unexamined: schedule.moments.count - furthest) }
      branch(configuration, operations, schedule)
    }
    return .contradicted(
      time: evidence.operations[schedule.moments[furthest].operation].returned)
  }

  /// Puts on the border what may follow a configuration, the likeliest last.
  private mutating func branch(
    _ configuration: Configuration, _ operations: JointOperations, _ schedule: Schedule
  ) {
    let moment = schedule.moments[configuration.moment]
    let slot = schedule.slots[moment.operation]
    let isDone = configuration.done.intersects(slot)
    // What is optional may never have taken effect.
    if isDone || evidence.operations[moment.operation].isOptional {
      var next = configuration
      next.moment += 1
      next.done.remove(slot)
      reach(next, operations, schedule)
      if isDone { return }
    }
    for operation in moment.candidates.reversed()
    where !configuration.done.intersects(schedule.slots[operation])
      && isFree(operation, configuration, schedule)
    {
      for state in operations.outcomes(of: operation, in: configuration.state)
      where !endsValue(operation, configuration, state, operations, schedule) {
        var next = configuration
        next.state = state
        next.done.insert(schedule.slots[operation])
        reach(next, operations, schedule)
      }
    }
  }

  /// Takes the reads that are satisfied, then keeps the configuration if it is new.
  private mutating func reach(
    _ configuration: Configuration, _ operations: JointOperations, _ schedule: Schedule
  ) {
    var reached = configuration
    if reached.moment < schedule.moments.count {
      var wasChanged = true
      while wasChanged {
        wasChanged = false
        for operation in schedule.moments[reached.moment].pending
        where operations.isRead[operation] && !reached.done.intersects(schedule.slots[operation])
          && operations.isSatisfied(operation, by: reached.state)
          && isFree(operation, reached, schedule)
        {
          reached.done.insert(schedule.slots[operation])
          wasChanged = true
        }
      }
    }
    if seen.insert(reached).inserted { border.append(reached) }
  }

  /// Whether all that program order puts before it have taken effect.
  private func isFree(
    _ operation: Int, _ configuration: Configuration, _ schedule: Schedule
  ) -> Bool {
    evidence.before[operation].allSatisfy { hasTakenEffect($0, configuration, schedule) }
  }

  private func hasTakenEffect(
    _ operation: Int, _ configuration: Configuration, _ schedule: Schedule
  ) -> Bool {
    if schedule.returns[operation] < configuration.moment { return true }
    return schedule.invocations[operation] <= configuration.moment
      && configuration.done.intersects(schedule.slots[operation])
  }

  /// Whether an operation that leads to `state` ends a value that another has yet to see.
  private func endsValue(
    _ operation: Int, _ configuration: Configuration, _ state: JointState,
    _ operations: JointOperations, _ schedule: Schedule
  ) -> Bool {
    for (register, held) in configuration.state.enumerated()
    where held != 0 && state[register] | 1 != held | 1
      && !state.contains(where: { $0 | 1 == held | 1 })
    {
      for reader in operations.readers[Int(held / 2)].reversed()
      where reader != operation && !hasTakenEffect(reader, configuration, schedule) { return true }
    }
    return false
  }
}
