/// What several registers hold, and what an operation makes of it: the specification that the joint
/// check searches with.
///
/// A register is a number: 0 is absent, `2 * value` a value, and one more a value that may vanish. A
/// vanishing is not an event: it is assumed when an action needs it. Nothing could tell an earlier
/// vanishing from one that an overwriting follows, so this loses no explanation.
typealias JointState = [Int32]

/// An operation in numbers.
struct JointStep {
  enum Kind { case get, set, delete, rename, mayExpire }

  enum Seen: Equatable {
    case nothing, absent, present
    case value(Int32)
  }

  let kind: Kind
  let register: Int
  /// Where a rename moves to.
  let target: Int
  /// What a set writes.
  let written: Int32
  let seen: Seen
  /// Whether any value of the register may vanish.
  let mayVanish: Bool

  /// Appends the states that may follow `state`: one, none, or two where a value may have vanished
  /// unseen.
  func apply(to state: JointState, into results: inout [JointState]) {
    let held = state[register] | (mayVanish && state[register] != 0 ? 1 : 0)
    let mayBeAbsent = held & 1 == 1 || held == 0
    switch (kind, seen) {
    case (.set, .nothing):
      results.append(state.with(register, written))
    case (.get, .nothing):
      results.append(state)
    case (.get, .value(let value)):
      if held | 1 == value | 1 { results.append(state) }
    case (.delete, .nothing):
      results.append(state.with(register, 0))
    case (_, .absent):
      if kind != .set, mayBeAbsent { results.append(state.with(register, 0)) }
    case (.delete, .present):
      if held != 0 { results.append(state.with(register, 0)) }
    case (.mayExpire, .present), (.mayExpire, .nothing):
      if held != 0 { results.append(state.with(register, held | 1)) }
      if held == 0, seen == .nothing { results.append(state) }
    case (.rename, .present), (.rename, .nothing):
      if held != 0 { results.append(state.with(register, 0).with(target, held)) }
      if mayBeAbsent, seen == .nothing { results.append(state.with(register, 0)) }
    default: break  // an answer that the action cannot have
    }
  }
}

extension JointState {
  fileprivate func with(_ register: Int, _ held: Int32) -> JointState {
    var copy = self
    copy[register] = held
    return copy
  }
}

/// The numbers of an evidence's keys and values, and its operations in them.
struct JointOperations {
  private(set) var steps: [[JointStep]] = []
  /// The registers that each operation touches, a bit each.
  private(set) var touched: [UInt64] = []
  /// For each operation, whether it changes nothing.
  private(set) var isRead: [Bool] = []
  /// For each value the operations that certainly saw it, by the time of their invocation.
  private(set) var readers: [[Int]] = [[]]
  private(set) var registerCount = 0

  /// More keys than this are not searched.
  static let registersMax = 64

  /// Nil where there are too many keys.
  init?(_ evidence: Evidence) {
    var registers: [String: Int] = [:]
    var values: [String: Int32] = [:]
    for key in evidence.operations.flatMap(\.call.keys) where registers[key] == nil {
      registers[key] = registers.count
    }
    guard registers.count <= Self.registersMax else { return nil }
    registerCount = registers.count

    func number(_ value: String) -> Int32 {
      if let known = values[value] { return known }
      let next = Int32(2 * (values.count + 1))
      values[value] = next
      readers.append([])
      return next
    }
    for (place, operation) in evidence.operations.enumerated() {
      var mask: UInt64 = 0
      for key in operation.call.keys { mask |= 1 << UInt64(registers[key] ?? 0) }
      touched.append(mask)
      isRead.append(operation.call.isRead)
      steps.append(
        zip(operation.call.actions, operation.observations).map { action, observation in
          let seen: JointStep.Seen =
            switch observation {
            case .nothing: .nothing
            case .absent: .absent
            case .present: .present
            case .value(let value): .value(number(value))
            }
          if case .value(let value) = seen { readers[Int(value / 2)].append(place) }
          let mayVanish = evidence.vanishing.contains(action.keys[0])
          return JointStep(action, seen, mayVanish: mayVanish, registers, number: number)
        })
    }
  }

  /// Whether a read sees what is there. O(its keys)
  func isSatisfied(_ read: Int, by state: JointState) -> Bool {
    steps[read].allSatisfy { step in
      let held = state[step.register]
      return switch step.seen {
      case .nothing: true
      case .absent: held == 0
      case .present: held != 0
      case .value(let value): held | 1 == value | 1
      }
    }
  }

  /// The states after an operation that takes effect in `state`; none where it cannot.
  func outcomes(of operation: Int, in state: JointState) -> [JointState] {
    var states = [state]
    for step in steps[operation] {
      var next: [JointState] = []
      for state in states { step.apply(to: state, into: &next) }
      if next.isEmpty { return [] }
      states = next
    }
    return states
  }
}

extension JointStep {
  fileprivate init(
    _ action: Action, _ seen: Seen, mayVanish: Bool, _ registers: [String: Int],
    number: (String) -> Int32
  ) {
    self.seen = seen
    self.mayVanish = mayVanish
    var target = 0
    var written: Int32 = 0
    switch action {
    case .get: kind = .get
    case .delete: kind = .delete
    case .mayExpire: kind = .mayExpire
    case .set(_, let value, let mayExpire):
      kind = .set
      written = number(value) | (mayExpire ? 1 : 0)
    case .rename(_, let other):
      kind = .rename
      target = registers[other] ?? 0
    }
    register = registers[action.keys[0]] ?? 0
    self.target = target
    self.written = written
  }
}
