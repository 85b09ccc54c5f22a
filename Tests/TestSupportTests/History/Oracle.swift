@testable import TestSupport

/// Tries all orders of a handful of operations, one by one. It shares nothing with the checkers.
struct Oracle {
  private typealias Held = [String: (value: String, mayExpire: Bool)]

  /// Whether an order explains all, under the strict promise.
  static func explains(_ history: [Operation]) -> Bool {
    let operations = history.filter { $0.outcome != .refused }
    let optional = operations.indices.filter { operations[$0].isOptional }
    // Each choice of those of unknown outcome that took effect.
    return (0..<(1 << optional.count)).contains { choice in
      let chosen = operations.indices.filter { number in
        guard let place = optional.firstIndex(of: number) else { return true }
        return choice >> place & 1 == 1
      }
      return explains(chosen.map { operations[$0] }, [:])
    }
  }

  private static func explains(_ rest: [Operation], _ held: Held) -> Bool {
    if rest.isEmpty { return true }
    return rest.indices.contains { number in
      let others = rest.indices.filter { $0 != number }
      guard !others.contains(where: { mustPrecede(rest[$0], rest[number]) }) else { return false }
      // Each choice of values that vanish just now.
      let vanishing = held.keys.filter { held[$0]?.mayExpire == true }
      return (0..<(1 << vanishing.count)).contains { choice in
        var after = held
        for (place, key) in vanishing.enumerated() where choice >> place & 1 == 1 {
          after[key] = nil
        }
        return take(rest[number], &after) && explains(others.map { rest[$0] }, after)
      }
    }
  }

  private static func mustPrecede(_ first: Operation, _ second: Operation) -> Bool {
    if first.returned < second.invoked { return true }
    guard first.client == second.client, first.sequence < second.sequence, !first.isOptional else {
      return false
    }
    return first.call.namesAll || second.call.namesAll
      || !Set(first.call.keys).isDisjoint(with: second.call.keys)
  }

  private static func take(_ operation: Operation, _ held: inout Held) -> Bool {
    zip(operation.call.actions, operation.observations).allSatisfy { action, observed in
      let key = action.keys[0]
      let old = held[key]
      switch action {
      case .get:
        return observed == .nothing || observed == (old.map { .value($0.value) } ?? .absent)
      case .set(_, let value, let mayExpire):
        held[key] = (value, mayExpire)
        return observed == .nothing
      case .delete: held[key] = nil
      case .mayExpire: held[key]?.mayExpire = true
      case .rename(_, let target):
        if let old {
          held[key] = nil
          held[target] = old
        }
      }
      return observed == .nothing || observed == (old == nil ? .absent : .present)
    }
  }
}
