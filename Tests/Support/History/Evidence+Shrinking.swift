extension Evidence {
  /// For evidence that the joint check contradicts: the fewest operations found that cannot be explained
  /// by themselves, even if all others took effect whenever it suits, or never.
  ///
  /// An operation is never just taken away, as what is left might be wrong for that reason alone. It is
  /// weakened: a read is forgotten; a write whose value others saw may have happened at any time since
  /// its invocation, or never; and for the rest their keys are loosened. As each of these only permits
  /// more, what is still contradicted is a violation by itself.
  func violation(_ configurationsMax: Int) -> Violation {
    guard case .contradicted(let time) = verdict(configurationsMax) else {
      return Violation(["nothing is wrong with these"], operations)
    }
    // What was invoked later has a part in it only if it sees a value that is gone by then.
    let numbers = operations.indices.filter { operations[$0].invoked <= time }
    let beginning = keeping(numbers.map { ($0, operations[$0]) })
    if case .contradicted = beginning.verdict(configurationsMax) {
      return beginning.report(beginning.superfluous())
    }
    return report(superfluous())
  }

  /// Operations that may be weakened while the rest is still contradicted: nearly always all but the
  /// last few, and then some of those, found by halving.
  private func superfluous() -> Set<Int> {
    var attemptsLeft = ShrinkingLimits.attemptsMax
    func isContradicted(_ weakened: Set<Int>) -> Bool {
      attemptsLeft -= 1
      let verdict = weakening(weakened).verdict(ShrinkingLimits.configurationsMax)
      if case .contradicted = verdict { return true }
      return false
    }
    let certain = operations.indices.filter { !operations[$0].isOptional }
    var weakened: Set<Int> = []
    var size = 8
    while size < certain.count, weakened.isEmpty {
      let attempt = Set(certain.dropLast(size))
      if isContradicted(attempt) { weakened = attempt }
      size *= 2
    }
    let rest = certain.filter { !weakened.contains($0) }
    var chunk = max(rest.count / 2, 1)
    while true {
      for start in stride(from: 0, to: rest.count, by: chunk) {
        let attempt = weakened.union(rest[start..<min(start + chunk, rest.count)])
        if attempt.count == weakened.count { continue }
        guard attemptsLeft > 0 else { return weakened }
        if isContradicted(attempt) { weakened = attempt }
      }
      if chunk == 1 { return weakened }
      chunk /= 2
    }
  }

  /// What the joint check says.
  func verdict(_ configurationsMax: Int) -> JointCheck.Result {
    var check = JointCheck(self, configurationsMax: configurationsMax)
    return check.run()
  }

  private func weakening(_ weakened: Set<Int>) -> Evidence {
    var seen: Set<String> = []
    for number in operations.indices where !weakened.contains(number) {
      for case .value(let value) in operations[number].observations { seen.insert(value) }
    }
    var kept: [(number: Int, operation: Operation)] = []
    var loosened: Set<String> = []
    for (number, operation) in operations.enumerated() {
      guard weakened.contains(number) else {
        kept.append((number, operation))
        continue
      }
      var isNeeded = false
      for action in operation.call.actions {
        switch action {
        case .get: break
        case .rename: isNeeded = true
        case .set(_, let value, mayExpire: false) where seen.contains(value): isNeeded = true
        case .set(let key, let value, _):
          if seen.contains(value) { isNeeded = true }
          loosened.insert(key)
        case .delete(let key), .mayExpire(let key): loosened.insert(key)
        }
      }
      if isNeeded { kept.append((number, operation.weakened)) }
    }
    return keeping(kept).loosening(loosened)
  }

  /// Lets any value of these keys vanish, and forgets who found that there was some value: so much may
  /// come of deletes and of unseen writes to them that are not there any more. It also holds for keys
  /// to which such a value may have been renamed.
  private func loosening(_ keys: Set<String>) -> Evidence {
    var result = self
    result.vanishing = keys
    var count = 0
    while result.vanishing.count > count {
      count = result.vanishing.count
      for case .rename(let key, let target) in operations.flatMap(\.call.actions)
      where result.vanishing.contains(key) { result.vanishing.insert(target) }
    }
    for index in result.operations.indices {
      guard case .done(let observations) = operations[index].outcome else { continue }
      let actions = operations[index].call.actions
      result.operations[index].outcome = .done(
        zip(actions, observations).map { action, observation in
          let isLoose = observation == .present && result.vanishing.contains(action.keys[0])
          return isLoose ? .nothing : observation
        })
    }
    return result
  }

  private func report(_ weakened: Set<Int>) -> Violation {
    let core = operations.indices.filter { !weakened.contains($0) && !operations[$0].isOptional }
    var values: Set<String> = []
    for number in core {
      for case .value(let value) in operations[number].observations { values.insert(value) }
    }
    let writers = operations.filter { operation in
      operation.call.actions.contains { action in
        if case .set(_, let value, _) = action { values.contains(value) } else { false }
      }
    }
    return Violation(
      ["these cannot be put in any order, whatever becomes of all others"],
      core.map { operations[$0] } + writers)
  }
}

extension Operation {
  /// As if nobody had heard of it again.
  fileprivate var weakened: Operation {
    var copy = self
    copy.outcome = .unknown
    copy.returned = .max
    return copy
  }
}

/// What is spent on making a report short: a longer one is as true.
private enum ShrinkingLimits {
  static let attemptsMax = 200
  static let configurationsMax = 500
}
