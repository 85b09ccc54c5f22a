import Testing

@testable import ProxyCore

@Suite struct MomentTests {
  @Test func `the clock runs forward`() {
    let first = Moment.now
    #expect(Moment.now >= first)
  }

  @Test func `absurd durations clamp instead of trapping`() {
    let start = Moment(nanoseconds: 5)
    #expect(start.advanced(by: .seconds(Int64.max)) == .distantFuture)
    #expect(start.advanced(by: .seconds(Int64.min)).nanoseconds < 0)
    #expect(start.advanced(by: .seconds(1e19)) == .distantFuture)
    #expect(start.advanced(by: .seconds(-1e19)).nanoseconds < 0)
    #expect(Duration.seconds(9_199_999_999).clampedNanoseconds == 9_199_999_999_000_000_000)
    #expect(Duration.nanoseconds(-1).clampedNanoseconds == -1)
    let past = Moment(nanoseconds: .min)
    #expect(past.milliseconds(since: start) < 0, "what is long past does not come round again")
    #expect(start.milliseconds(since: past) > 0)
    #expect(start.advanced(by: .milliseconds(1)).nanoseconds == 1_000_005)
  }
}
