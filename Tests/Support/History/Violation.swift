/// A proof that a history breaks a promise: operations that no order can explain.
public struct Violation: Sendable, CustomStringConvertible {
  /// What is wrong with them, a sentence a line.
  public let reasons: [String]
  /// The operations concerned, by the time of their invocation.
  public let operations: [Operation]
  /// The seed of the test, where the history knew it.
  public internal(set) var seed: UInt64?

  init(_ reasons: [String], _ operations: [Operation]) {
    self.reasons = reasons
    var seen: Set<Int> = []
    self.operations = operations.filter { seen.insert($0.client << 32 | $0.sequence).inserted }
      .sorted { $0.invoked < $1.invoked }
  }

  /// The reasons, the operations with their times, the seed.
  public var description: String {
    let lines =
      reasons + operations.map { "  \($0)" } + (seed.map { ["  replay with SEED=\($0)"] } ?? [])
    return lines.joined(separator: "\n")
  }
}

/// All that the checkers have to say about a history.
public struct Verdict: Sendable, CustomStringConvertible {
  /// Proofs that it is wrong. Where there is none it is right, as far as it was checked.
  public var violations: [Violation] = []
  /// Operations that the joint check left unexamined, because the search grew past its limit. Expect 0.
  public var unexaminedCount = 0
  /// Operations that were examined.
  public var operationCount = 0
  /// Those of them whose outcome nobody knows. The more there are, the less the rest proves.
  public var unknownCount = 0

  /// Whether all was examined and nothing was wrong.
  public var isRight: Bool { violations.isEmpty && unexaminedCount == 0 }

  /// For people.
  public var description: String {
    let counts =
      "\(operationCount) operations, \(unknownCount) of unknown outcome, "
      + "\(unexaminedCount) unexamined, \(violations.count) violations"
    return ([counts] + violations.map(\.description)).joined(separator: "\n")
  }
}

/// Judges a history by both checkers.
///
/// `RegisterCheck` takes n log n whatever the concurrency, and its reports are short; `JointCheck` is
/// exact and sees several keys together, but can give up. What one of them finds, the other one
/// confirms where it is able to.
public struct HistoryCheck: Sendable {
  /// What the system is held to.
  public var promise: Promise
  /// How many configurations the joint check may look at for one operation.
  public var configurationsMax: Int

  /// A check of `promise`.
  public init(_ promise: Promise, configurationsMax: Int = 300_000) {
    self.promise = promise
    self.configurationsMax = configurationsMax
  }

  /// Judges all operations that `history` has now.
  public func judge(_ history: History) -> Verdict {
    var verdict = judge(history.operations)
    for index in verdict.violations.indices { verdict.violations[index].seed = history.seed }
    return verdict
  }

  /// Judges operations.
  public func judge(_ operations: [Operation]) -> Verdict {
    let evidence = Evidence(operations, promise: promise)
    var verdict = Verdict()
    verdict.operationCount = evidence.operations.count
    verdict.unknownCount = evidence.operations.count { $0.isOptional }
    verdict.violations = RegisterCheck(evidence).violations()
    // One proof a key is enough; the joint check looks at what is right so far.
    if verdict.violations.isEmpty {
      for part in evidence.parts() {
        switch part.verdict(configurationsMax) {
        case .explained: break
        case .contradicted: verdict.violations.append(part.violation(configurationsMax))
        case .gaveUp(let unexamined): verdict.unexaminedCount += unexamined
        }
      }
    }
    return verdict
  }
}
