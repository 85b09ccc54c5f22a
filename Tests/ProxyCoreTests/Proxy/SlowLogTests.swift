import TestSupport
import Testing

@testable import ProxyCore

@Suite struct SlowLogTests {
  private func log(_ threshold: Duration?, _ countMax: Int) -> SlowLog {
    SlowLog(threshold: threshold, countMax: countMax)
  }

  private func add(_ log: SlowLog, _ microseconds: Int) {
    log.add(
      nanoseconds: Int64(microseconds) * 1_000, arguments: Array("*0\r\n".utf8), client: nil,
      name: [])
  }

  @Test func `the bounds of slow requests hold`() { #expect(Limits.slowRelationsHold) }

  @Test func `what takes as long as the threshold or longer is kept`() {
    #expect(
      log(.milliseconds(10), 5).keeps(nanoseconds: Duration.milliseconds(10).clampedNanoseconds))
    #expect(
      !log(.milliseconds(10), 5).keeps(nanoseconds: Duration.microseconds(9_999).clampedNanoseconds)
    )
    #expect(log(.zero, 5).keeps(nanoseconds: Duration.zero.clampedNanoseconds))
    for silent in [log(nil, 5), log(.zero, 0), log(.zero, -1)] {
      #expect(!silent.isOn)
      #expect(!silent.keeps(nanoseconds: Duration.seconds(9).clampedNanoseconds))
    }
  }

  @Test func `the latest are kept, and numbers go on`() {
    let log = log(.zero, 3)
    for number in 0..<5 { add(log, number) }
    #expect(log.count == 3)
    #expect(log.latest(.max).map(\.number) == [4, 3, 2])
    #expect(log.latest(.max).map(\.microseconds) == [4, 3, 2])
    #expect(log.latest(2).map(\.number) == [4, 3])
    #expect(log.latest(0).isEmpty && log.latest(-5).isEmpty)
    log.removeAll()
    #expect(log.count == 0 && log.latest(9).isEmpty)
    for number in 0..<4 { add(log, number) }
    #expect(log.latest(.max).map(\.number) == [8, 7, 6])
  }

  @Test func `limits change while it is in use, and the latest stay`() {
    let log = log(.zero, 4)
    for number in 0..<6 { add(log, number) }
    log.setLimits(threshold: .seconds(1), countMax: 2)
    #expect(log.latest(.max).map(\.microseconds) == [5, 4])
    #expect(
      !log.keeps(nanoseconds: Duration.milliseconds(999).clampedNanoseconds)
        && log.keeps(nanoseconds: Duration.seconds(1).clampedNanoseconds))
    add(log, 6)
    #expect(log.latest(.max).map(\.microseconds) == [6, 5])
    log.setLimits(threshold: .zero, countMax: 3)
    for number in 7..<9 { add(log, number) }
    #expect(log.latest(.max).map(\.microseconds) == [8, 7, 6])
    log.setLimits(threshold: .zero, countMax: 0)
    add(log, 9)
    #expect(log.count == 0 && !log.isOn)
  }

  @Test func `it is a model's equal, whatever its length`() {
    var random = SeededGenerator.forTest()
    for countMax in [1, 2, 7, Limits.slowRequestsMax + 1] {
      let log = log(.zero, countMax)
      var model: [Int] = []
      for number in 0..<200 {
        add(log, number)
        model.insert(number, at: 0)
        if model.count > countMax { model.removeLast() }
        let count = Int.random(in: 0...10, using: &random)
        #expect(log.latest(count).map(\.microseconds) == Array(model.prefix(count)))
      }
    }
  }
}
