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
    #expect(start.advanced(by: .milliseconds(1)).nanoseconds == 1_000_005)
  }
}
