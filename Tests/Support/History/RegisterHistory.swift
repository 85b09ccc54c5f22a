/// What happened to one key, as clusters and the demands between them.
struct RegisterHistory {
  let key: String
  let evidence: Evidence
  private var clusters = [Cluster(label: "the absence at the start")]
  private var clusterOfValue: [String: Int] = [:]
  private var valuesRead: Set<String> = []
  private var demands: [ClusterOrder.Demand] = []
  private var absences = AbsenceSources()
  /// The first and the last cluster that an operation has a part in.
  private var parts: [Int: (first: Int, last: Int)] = [:]
  private var replacements: [String: Int] = [:]

  init(key: String, evidence: Evidence) {
    self.key = key
    self.evidence = evidence
  }

  /// Why the operations with these numbers, all that touch the key, cannot be explained.
  mutating func violation(among touching: [Int]) -> Violation? {
    if let violation = takeWrites(touching) { return violation }
    for number in touching {
      if let violation = takeActions(of: number) { return violation }
    }
    if let violation = takeProgramOrder(touching) { return violation }
    var order = ClusterOrder(clusters, demands)
    if let cycle = order.cycle() { return explain(cycle) }
    return absences.violation(clusters).map { describe($0.reason, $0.operations) }
  }

  /// Begins the cluster of each value with its write.
  private mutating func takeWrites(_ touching: [Int]) -> Violation? {
    for number in touching {
      let operation = evidence.operations[number]
      for case .set(key, let value, _) in operation.call.actions {
        if let other = clusterOfValue.updateValue(clusters.count, forKey: value) {
          let writers = [clusters[other].writer, number].compactMap(\.self)
          return describe("the test wrote \(value) twice, so it cannot be judged", writers)
        }
        clusters.append(Cluster(label: value, writer: number))
      }
      for case .value(let value) in operation.observations { valuesRead.insert(value) }
    }
    return nil
  }

  private mutating func takeActions(of number: Int) -> Violation? {
    let operation = evidence.operations[number]
    var held: String?
    for (action, observation) in zip(operation.call.actions, operation.observations)
    where action.keys == [key] {
      if case .value(let value) = observation, clusterOfValue[value] == nil || !action.isGet {
        return describe("nobody ever wrote \(value) to \(key)", [number])
      }
      if let held, action.isReplacement(observation) {
        if let other = replacements.updateValue(number, forKey: held), other != number {
          return describe(
            "\(held) was replaced twice, as if one had not been",
            [other, number]
              + [clusterOfValue[held].flatMap { clusters[$0].writer }].compactMap(\.self))
        }
      }
      held = if case .value(let value) = observation { value } else { nil }
      guard let cluster = cluster(of: action, observation, number) else { continue }
      clusters[cluster].add(number, operation)
      if let writer = clusters[cluster].writer,
        evidence.operations[writer].invoked > operation.returned
      {
        return describe(
          "\(clusters[cluster].label) was read before it was written", [writer, number])
      }
      // What is done in one operation is done in its order.
      if let previous = parts[number]?.last, previous != cluster {
        demands.append(.init(before: previous, number, after: cluster, number))
      }
      parts[number] = (parts[number]?.first ?? cluster, cluster)
    }
    return nil
  }

  /// Which cluster an action has a part in. Notes what may be a source of absence, or needs one.
  private mutating func cluster(
    of action: Action, _ observation: Observation, _ number: Int
  ) -> Int? {
    let operation = evidence.operations[number]
    switch (action, observation) {
    case (.set(_, let value, let mayExpire), _):
      if mayExpire { absences.add(number, operation.invoked, .max) }
      // A write that may never have happened and that nobody saw demands nothing.
      return operation.isOptional && !valuesRead.contains(value) ? nil : clusterOfValue[value]
    case (.get, .value(let value)): return clusterOfValue[value]
    case (_, .absent):
      clusters.append(Cluster(label: "an absence"))
      absences.need(number, cluster: clusters.count - 1, operation)
      return clusters.count - 1
    case (.delete, _):
      absences.add(number, operation.invoked, operation.returned)
      if operation.isOptional { return nil }
      clusters.append(Cluster(label: "a delete"))
      return clusters.count - 1
    case (.mayExpire, _):
      absences.add(number, operation.invoked, .max)
      return nil
    default: return nil
    }
  }

  /// Program order, as demands between clusters.
  private mutating func takeProgramOrder(_ touching: [Int]) -> Violation? {
    // Those that an operation without a part in any cluster follows are followed by its followers.
    var standIns: [Int: Set<Int>] = [:]
    let bySequence = touching.sorted {
      evidence.operations[$0].sequence < evidence.operations[$1].sequence
    }
    for number in bySequence {
      let earlier = evidence.before[number].reduce(into: Set<Int>()) { earlier, other in
        if parts[other] != nil {
          earlier.insert(other)
        } else {
          earlier.formUnion(standIns[other] ?? [])
        }
      }
      guard let after = parts[number]?.first else {
        standIns[number] = earlier
        continue
      }
      for other in earlier.sorted() {
        guard let before = parts[other]?.last else { continue }
        if before != after {
          demands.append(.init(before: before, other, after: after, number))
          absences.follow(after, cluster: before, other)
        } else if clusters[after].writer == number {
          let value = clusters[after].label
          return describe(
            "\(value) was seen by its own client before it was sent", [other, number])
        }
      }
    }
    return nil
  }

  private func explain(_ cycle: [ClusterOrder.Demand]) -> Violation {
    let cycle = cycle.map { demand in
      // The write says it best, where it too came late enough.
      guard let writer = clusters[demand.after].writer,
        evidence.operations[writer].invoked > evidence.operations[demand.beforeOperation].returned
      else { return demand }
      return ClusterOrder.Demand(
        before: demand.before, demand.beforeOperation, after: demand.after, writer)
    }
    let reasons = cycle.map { demand in
      let first = clusters[demand.before].label
      let second = clusters[demand.after].label
      let from = evidence.operations[demand.beforeOperation]
      let to = evidence.operations[demand.afterOperation]
      let why =
        from.returned < to.invoked
        ? "one returned at \(from.returned), one of the other was invoked at \(to.invoked)"
        : "client \(to.client) asked in this order"
      return "\(first) must come before \(second): \(why)"
    }
    let writers = cycle.compactMap { clusters[$0.before].writer }
    let numbers = cycle.flatMap { [$0.beforeOperation, $0.afterOperation] }
    return describe(
      "the values of \(key) can be put in no order", numbers + writers, reasons.map { "  \($0)" })
  }

  private func describe(_ what: String, _ numbers: [Int], _ details: [String] = []) -> Violation {
    Violation(
      ["\(key): \(what)"] + details,
      numbers.filter { $0 >= 0 }.map { evidence.operations[$0] })
  }
}

extension Action {
  /// Whether it certainly took the value away that was there.
  fileprivate func isReplacement(_ observation: Observation) -> Bool {
    switch self {
    case .set: true
    case .delete: observation == .present
    default: false
    }
  }
}
