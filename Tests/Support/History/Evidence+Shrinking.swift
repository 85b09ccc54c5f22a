extension Evidence {
  /// For evidence that the joint check contradicts: the fewest operations found that cannot be explained
  /// by themselves, even if all others took effect whenever it suits, or never.
  ///
  /// An operation is never just taken away, as what is left might be wrong for that reason alone. It is
  /// weakened: a read is forgotten; a write may have happened at any time since its invocation, or
  /// never; and a key that a weakened operation deletes may always vanish by itself. As each of these
  /// only permits more, what is still contradicted is a violation by itself.
  func violation(_ configurationsMax: Int) -> Violation {
    guard case .contradicted(let time) = verdict(configurationsMax) else {
      return Violation(["nothing is wrong with these"], operations)
    }
    // What was invoked later has no part in it.
    let numbers = operations.indices.filter { operations[$0].invoked <= time }
    let evidence = keeping(numbers.map { ($0, operations[$0]) })
    return evidence.report(evidence.superfluous())
  }

  /// Operations that may be weakened while the rest is still contradicted, found by halving.
  private func superfluous() -> Set<Int> {
    var weakened: Set<Int> = []
    var chunk = max(operations.count / 2, 1)
    var attemptsLeft = ShrinkingLimits.attemptsMax
    while true {
      for start in stride(from: 0, to: operations.count, by: chunk) {
        let range = start..<min(start + chunk, operations.count)
        let more = range.filter { !weakened.contains($0) && !operations[$0].isOptional }
        if more.isEmpty { continue }
        guard attemptsLeft > 0 else { return weakened }
        attemptsLeft -= 1
        let attempt = weakened.union(more)
        let verdict = weakening(attempt).verdict(ShrinkingLimits.configurationsMax)
        if case .contradicted = verdict { weakened = attempt }
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
    var kept: [(number: Int, operation: Operation)] = []
    var vanishing: Set<String> = []
    for (number, operation) in operations.enumerated() {
      guard weakened.contains(number) else {
        kept.append((number, operation))
        continue
      }
      var mayWrite = false
      for action in operation.call.actions {
        switch action {
        case .get: break
        case .delete(let key), .mayExpire(let key): vanishing.insert(key)
        case .set, .rename: mayWrite = true
        }
      }
      if mayWrite { kept.append((number, operation.weakened)) }
    }
    var result = keeping(kept)
    result.vanishing = vanishing
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
  static let attemptsMax = 300
  static let configurationsMax = 2_000
}
