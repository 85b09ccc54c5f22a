import Testing

@testable import TestSupport

@Suite struct HistoryOracleTests {
  /// A short history, in which some of what was observed is not what was.
  private func history(
    _ random: inout SeededGenerator, weights: [WorkloadGenerator.Kind: Int], losses: Int
  ) -> [Operation] {
    let keys = ["a", "b"]
    var options = WorkloadGenerator.Options(keys: keys, weights: weights)
    options.depthMax = 3
    var simulator = Simulator(clients: 3, options: options, seed: random.next())
    simulator.lossesPerThousand = losses
    simulator.run(steps: 24)
    var operations = Array(simulator.history.operations.suffix(7).prefix(6))
    var values: [Observation] = [.absent]
    for case .set(_, let value, _) in operations.flatMap(\.call.actions) {
      values.append(.value(value))
    }
    let wrongMax = Int.random(in: 0...2, using: &random)
    for index in operations.indices {
      guard case .done(var observations) = operations[index].outcome else { continue }
      for (place, observation) in observations.enumerated() {
        let isUnknown: Bool
        if case .value = observation {
          isUnknown = !values.contains(observation)
        } else {
          isUnknown = false
        }
        if isUnknown || Int.random(in: 0..<6, using: &random) < wrongMax {
          switch observation {
          case .nothing: break
          case .value: observations[place] = values.randomElement(using: &random) ?? .absent
          case .absent where operations[index].call.actions[place].isGet:
            observations[place] = values.randomElement(using: &random) ?? .absent
          case .absent, .present:
            observations[place] = Bool.random(using: &random) ? .absent : .present
          }
        }
      }
      operations[index].outcome = .done(observations)
    }
    return operations
  }

  @Test(arguments: [0, 150])
  func `the joint check agrees with trying all orders, the register check never finds more`(
    losses: Int
  ) {
    var random = SeededGenerator.forTest()
    var rightCount = 0
    let count = 700
    for _ in 0..<count {
      let operations = history(
        &random, weights: WorkloadGenerator.Options.everything, losses: losses)
      let isRight = Oracle.explains(operations)
      rightCount += isRight ? 1 : 0
      let evidence = Evidence(operations, promise: .strict)
      let joint = evidence.parts().map { $0.verdict(100_000) }
      #expect(joint.allSatisfy { $0 == .explained } == isRight, "\(operations)")
      let register = RegisterCheck(evidence).violations()
      #expect(register.isEmpty || !isRight, "\(operations) \(register)")
    }
    #expect(rightCount > count / 10 && rightCount < count * 9 / 10)
  }

  @Test(arguments: [0, 150])
  func `the register check is exact where keys are only read and set`(losses: Int) {
    var random = SeededGenerator.forTest()
    var rightCount = 0
    let count = 700
    for _ in 0..<count {
      let operations = history(&random, weights: [.get: 3, .set: 2], losses: losses)
      let isRight = Oracle.explains(operations)
      rightCount += isRight ? 1 : 0
      let violations = RegisterCheck(Evidence(operations, promise: .strict)).violations()
      #expect(violations.isEmpty == isRight, "\(operations) \(violations)")
    }
    #expect(rightCount > count / 10 && rightCount < count * 9 / 10)
  }

  @Test func `what a report names is a violation by itself`() {
    var random = SeededGenerator.forTest()
    var reportCount = 0
    for _ in 0..<300 {
      let operations = history(
        &random, weights: WorkloadGenerator.Options.everything, losses: 100)
      let evidence = Evidence(operations, promise: .strict)
      for part in evidence.parts() where part.verdict(100_000) != .explained {
        let violation = part.violation(100_000)
        #expect(!Oracle.explains(violation.operations), "\(operations) \(violation)")
        reportCount += 1
      }
      for violation in RegisterCheck(evidence).violations() {
        #expect(!Oracle.explains(violation.operations), "\(operations) \(violation)")
      }
    }
    #expect(reportCount > 50)
  }
}
