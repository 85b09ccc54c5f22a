extension Evidence {
  /// It in parts that touch no common key and are in no order: each can be judged by itself, since
  /// explanations of all parts can be interleaved by time.
  func parts() -> [Evidence] {
    var roots: [String: String] = [:]
    func root(_ key: String) -> String {
      var key = key
      while let next = roots[key], next != key { key = next }
      return key
    }
    for (number, operation) in operations.enumerated() {
      guard let first = operation.call.keys.first else { continue }
      for key in operation.call.keys + before[number].flatMap({ operations[$0].call.keys }) {
        roots[root(key)] = root(first)
      }
    }
    let numbers = Dictionary(grouping: operations.indices) { number in
      operations[number].call.keys.first.map(root) ?? ""
    }
    return numbers.keys.sorted().map { key in
      keeping((numbers[key] ?? []).map { ($0, operations[$0]) })
    }
  }

  /// It without writes that may never have happened and of which nothing was seen.
  ///
  /// An explanation with such a write is one without it: in between, whoever looked at the key would have
  /// seen its value. Only where somebody might have seen that there is something, or after a while
  /// nothing, is it needed.
  func withoutIdleWrites() -> Evidence {
    var seen: Set<String> = []
    var sensitive: Set<String> = []
    for operation in operations {
      for (action, observation) in zip(operation.call.actions, operation.observations) {
        if case .value(let value) = observation { seen.insert(value) }
        switch (action, observation) {
        case (.delete, .present), (.mayExpire, _), (.rename, _): sensitive.formUnion(action.keys)
        default: break
        }
      }
    }
    let kept = operations.indices.filter { number in
      guard operations[number].isOptional else { return true }
      return !operations[number].call.actions.allSatisfy { action in
        if case .set(let key, let value, mayExpire: false) = action {
          return !seen.contains(value) && !sensitive.contains(key)
        }
        return false
      }
    }
    return kept.count == operations.count ? self : keeping(kept.map { ($0, operations[$0]) })
  }
}
