/// A history as one of several caches in front of one server must be able to explain it.
///
/// What goes through a cache is seen by its own clients as if there were no other cache. What was written
/// elsewhere it may show late, but no later than at the end of a fence that was begun after the write was
/// answered: so such writes are loose (`Call.isLoose`), and return only then. What others have read from
/// caches of their own is theirs to explain.
extension History {
  /// All operations that concern the cache at `place`, for `HistoryCheck(.nearCache)`. A fence must have
  /// come after all of them.
  public func view(from place: Int) -> [Operation] {
    let operations = self.operations
    let fences = fences.value.filter { $0.place == place }.sorted { $0.begun < $1.begun }
    // Writes that return with the same fence do so one after another.
    let scale = operations.count + 1
    return operations.enumerated().compactMap { number, operation in
      let isOwn = operation.place == place
      if !isOwn && operation.place != nil && operation.call.isCacheable { return nil }
      var operation = operation
      operation.invoked *= scale
      guard operation.returned != .max else { return operation }
      if isOwn || operation.call.isRead {
        operation.returned *= scale
      } else {
        let fence = fences.first { $0.begun > operation.returned }
        operation.call.isLoose = true
        operation.returned = (fence?.ended ?? operation.returned) * scale + number
      }
      return operation
    }
  }

  /// Reads through the cache at `place` of what a write through the same cache, answered before they were
  /// sent, had certainly replaced. That is never right, whatever others do. Not for keys that are renamed.
  public func readsOfReplaced(at place: Int) -> [Violation] {
    let operations = self.operations
    var writers: [String: Operation] = [:]
    /// Own writes by key, in the order of their returns, and of all up to each the latest invocation.
    var replacements: [String: [(operation: Operation, latest: Operation)]] = [:]
    for operation in operations.sorted(by: { $0.returned < $1.returned }) {
      for action in operation.call.actions {
        if case .set(_, let value, _) = action { writers[value] = operation }
        guard operation.place == place, action.replaces, !operation.call.isLoose,
          case .done = operation.outcome
        else { continue }
        let key = action.keys[0]
        let former = replacements[key]?.last?.latest
        let latest = former.map { $0.invoked > operation.invoked ? $0 : operation } ?? operation
        replacements[key, default: []].append((operation, latest))
      }
    }
    return operations.filter { $0.place == place }.flatMap { read in
      zip(read.call.actions, read.observations).compactMap { action, observation in
        guard case .get(let key) = action, case .value(let value) = observation,
          let writer = writers[value],
          let latest = replacements[key]?.last(where: { $0.operation.returned < read.invoked })?
            .latest, writer.returned < latest.invoked
        else { return nil }
        return Violation(
          ["\(key): \(value) had been replaced through the same cache"], [writer, latest, read])
      }
    }
  }
}

extension Action {
  /// Whether the value that was there is gone afterwards.
  fileprivate var replaces: Bool {
    switch self {
    case .set, .delete: true
    case .get, .rename, .mayExpire: false
    }
  }
}
