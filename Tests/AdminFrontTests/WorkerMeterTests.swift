import TestSupport
import Testing

@testable import ProxyCore

@Suite struct WorkerMeterTests {
  @Test func `a duration is in the first bucket whose bound it does not exceed`() {
    var histogram = DurationHistogram()
    for (number, bound) in DurationHistogram.bounds.enumerated() {
      histogram.add(nanoseconds: bound)
      #expect(histogram[number] == (number == 0 ? 1 : 2))
      histogram.add(nanoseconds: bound + 1)
    }
    #expect(histogram[DurationHistogram.bucketCount - 1] == 1)
    #expect(histogram.count == UInt64(2 * DurationHistogram.bounds.count))
    #expect(DurationHistogram.bucketCount == DurationHistogram.bounds.count + 1)
    #expect(DurationHistogram.bounds == DurationHistogram.bounds.sorted())
  }

  @Test func `a duration of any length is where its bounds say`() {
    for bits in 0..<63 {
      for duration in [(1 << bits) - 1, 1 << bits, (1 << bits) + 1] as [Int64] {
        var histogram = DurationHistogram()
        histogram.add(nanoseconds: duration)
        let place = DurationHistogram.bounds.count { $0 < duration }
        #expect(histogram[place] == 1, "\(duration)")
      }
    }
  }

  @Test func `what seems to have ended before it began took no time`() {
    var histogram = DurationHistogram()
    histogram.add(nanoseconds: -5)
    histogram.add(nanoseconds: .max)
    #expect(histogram[0] == 1 && histogram[DurationHistogram.bucketCount - 1] == 1)
    #expect(histogram.nanoseconds == UInt64(Int64.max))
  }

  @Test func `what is answered in a turn takes as long as the turn, and nothing is counted before`()
  {
    var meter = WorkerMeter()
    for _ in 0..<3 { meter.note(.resp, .hit) }
    meter.note(.http, .error)
    meter.record(.http, .local, since: Moment(nanoseconds: 7), now: Moment(nanoseconds: 7))
    #expect(meter.durations(.resp, .hit).count == 0)
    meter.turnEnded(nanoseconds: 15_000)
    meter.turnEnded(nanoseconds: 1_000_000)
    #expect(meter.durations(.resp, .hit)[2] == 3)
    #expect(meter.durations(.resp, .hit).nanoseconds == 45_000)
    #expect(meter.durations(.http, .error).count == 1 && meter.durations(.http, .local).count == 1)
    meter.record(.resp, .miss, since: Moment(nanoseconds: 7), now: Moment(nanoseconds: 30_007))
    #expect(meter.durations(.resp, .miss).nanoseconds == 30_000)
  }

  @Test func `sums of meters are those of their parts, for any notes`() {
    var random = SeededGenerator.forTest()
    var (whole, parts) = (WorkerMeter(), [WorkerMeter(), WorkerMeter()])
    var expected: [String: UInt64] = [:]
    for _ in 0..<2_000 {
      let front = Bool.random(using: &random) ? ClientFront.resp : .http
      let outcome = RequestOutcome.allCases.randomElement(using: &random) ?? .hit
      let part = Int.random(in: 0...1, using: &random)
      parts[part].note(front, outcome)
      if Bool.random(using: &random) { parts[part].turnEnded(nanoseconds: 3) }
      expected["\(front) \(outcome)", default: 0] += 1
    }
    for part in parts.indices {
      parts[part].turnEnded(nanoseconds: 3)
      whole += parts[part]
    }
    for front in [ClientFront.resp, .http] {
      for outcome in RequestOutcome.allCases {
        let durations = whole.durations(front, outcome)
        #expect(durations.count == expected["\(front) \(outcome)"] ?? 0)
        #expect(durations.nanoseconds == 3 * durations.count)
      }
    }
  }
}
