import Testing

@testable import TestSupport

@Suite struct HistorySimulationTests {
  @Test(arguments: [1, 3, 6])
  func `what a correct server did is right`(clients: Int) {
    var random = SeededGenerator.forTest()
    for _ in 0..<8 {
      var simulator = Simulator(clients: clients, options: .init(), seed: random.next())
      simulator.run(steps: 1_000)
      let verdict = HistoryCheck(.strict).judge(simulator.history)
      // The search may give up on a history, and says so; what it says of others holds.
      #expect(verdict.violations.isEmpty, "\(verdict)")
    }
  }

  @Test func `what a correct server did is right, whatever connections are lost`() {
    var random = SeededGenerator.forTest()
    for _ in 0..<8 {
      var simulator = Simulator(clients: 4, options: .init(), seed: random.next())
      simulator.lossesPerThousand = 10
      simulator.run(steps: 1_000)
      let verdict = HistoryCheck(.strict).judge(simulator.history)
      // The search may give up on a history, and says so; what it says of others holds.
      #expect(verdict.violations.isEmpty, "\(verdict)")
      #expect(verdict.unknownCount > 0)
    }
  }

  @Test(arguments: Simulator.Fault.allCases)
  func `a fault that shows now and then is found`(fault: Simulator.Fault) {
    var random = SeededGenerator.forTest()
    var options = WorkloadGenerator.Options()
    options.depthMax = 2
    // Not every history shows it.
    for _ in 0..<20 {
      var simulator = Simulator(clients: 3, options: options, seed: random.next())
      simulator.fault = fault
      simulator.faultsPerThousand = 100
      simulator.run(steps: 1_500)
      let verdict = HistoryCheck(.strict).judge(simulator.history)
      if !verdict.violations.isEmpty { return }
    }
    Issue.record("\(fault) was not found")
  }

  @Test func `stale reads are found in histories of many clients, and in no others`() {
    var random = SeededGenerator.forTest()
    let options = WorkloadGenerator.Options(weights: WorkloadGenerator.Options.registers)
    for fault in [nil, Simulator.Fault.staleRead] {
      var simulator = Simulator(clients: 100, options: options, seed: random.next())
      simulator.fault = fault
      simulator.run(steps: 20_000)
      let evidence = Evidence(simulator.history.operations, promise: .strict)
      let violations = RegisterCheck(evidence).violations()
      #expect(violations.isEmpty == (fault == nil), "\(violations)")
      #expect(violations.allSatisfy { $0.operations.count <= 8 })
    }
  }
}
