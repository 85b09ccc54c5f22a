import Testing

@testable import ProxyCore

@Suite struct BackoffTests {
  @Test func `waits grow to the limit, are jittered, and begin anew after a success`() {
    var backoff = Backoff(seed: 1)
    let waits = (0..<200).map { _ in backoff.afterFailure() }
    #expect(waits.allSatisfy { $0 >= .zero && $0 <= Limits.backoffMax })
    #expect(waits[0] <= Limits.backoffFirstMax)
    #expect(waits[1] <= Limits.backoffFirstMax * 2)
    #expect(waits.contains { $0 > Limits.backoffMax * 4 / 5 })
    #expect(waits.dropFirst(10).contains { $0 < Limits.backoffMax / 5 })
    #expect(backoff.failures == 200)
    backoff.reset()
    #expect(backoff.failures == 0)
    #expect(backoff.afterFailure() <= Limits.backoffFirstMax)
  }

  @Test func `a seed decides all waits`() {
    var first = Backoff(seed: 7)
    var second = Backoff(seed: 7)
    var third = Backoff(seed: 8)
    let waits = (0..<10).map { _ in first.afterFailure() }
    #expect(waits == (0..<10).map { _ in second.afterFailure() })
    #expect(waits != (0..<10).map { _ in third.afterFailure() })
  }

  @Test func `waits for a password grow further`() {
    var backoff = Backoff(seed: 3)
    let waits = (0..<200).map { _ in backoff.afterFailure(upTo: Limits.backoffRefused) }
    #expect(waits[0] <= Limits.backoffFirstMax)
    #expect(waits.allSatisfy { $0 <= Limits.backoffRefused })
    #expect(waits.contains { $0 > Limits.backoffRefused * 4 / 5 })
  }

  @Test func `what only an operator can mend is tried seldom`() {
    var backoff = Backoff(seed: 2)
    for _ in 0..<50 {
      let wait = backoff.afterRefusal()
      #expect(wait >= Limits.backoffRefused / 2 && wait <= Limits.backoffRefused)
    }
  }
}
