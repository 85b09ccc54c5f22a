import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LimiterLoopTests {
  final class Recorder: LimiterWaker {
    let seen = Shared<[String]>([])
    func limiterWait(_ tag: UInt64, ended outcome: LimiterOutcome) {
      seen.change { $0.append("\(tag) \(outcome)") }
    }
  }

  let clock = ManualClock()
  let recorder = Recorder()
  var seen: [String] { recorder.seen.value }

  func wait(_ tag: UInt64, in limiter: ConcurrencyLimiter) throws -> ConcurrencyLimiter.PermitToken
  {
    let admission = limiter.acquire(now: clock.now, waker: recorder, tag: tag)
    guard case .queued(let token) = admission else { throw Unexpected(admission: admission) }
    return token
  }

  struct Unexpected: Error { let admission: ConcurrencyLimiter.LimiterAdmission }

  @Test func `deadlines pass when the loop's clock says so and not before`() throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 9, queueTimeout: .seconds(1))
    #expect(limiter.acquire(now: clock.now, waker: recorder, tag: 0) == .granted)
    _ = try wait(1, in: limiter)
    clock.advance(by: .milliseconds(600))
    _ = try wait(2, in: limiter)
    #expect(limiter.earliestDeadline == Moment(nanoseconds: 1_000_000_000))
    clock.advance(by: .milliseconds(399))
    #expect(limiter.expire(now: clock.now) == 0)
    clock.advance(by: .milliseconds(1))
    #expect(limiter.expire(now: clock.now) == 1)
    #expect(seen == ["1 timedOut"])
    limiter.release()
    #expect(seen == ["1 timedOut", "2 granted"])
    #expect(limiter.earliestDeadline == nil)
    limiter.release()
    #expect(limiter.counts.permitsInUse == 0)
  }

  @Test func `a caller's own deadline can only be sooner`() throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 9, queueTimeout: .seconds(1))
    #expect(limiter.tryAcquire())
    let soon = clock.now.advanced(by: .milliseconds(10))
    _ = try wait(1, in: limiter)
    _ = limiter.acquire(now: clock.now, notAfter: soon, waker: recorder, tag: 2)
    #expect(limiter.earliestDeadline == soon)
    clock.advance(by: .milliseconds(10))
    #expect(limiter.expire(now: clock.now) == 1)
    #expect(seen == ["2 timedOut"])
    let late = limiter.acquire(now: clock.now, notAfter: soon, waker: recorder, tag: 3)
    #expect(late == .timedOut)
  }

  @Test func `a cancelled wait is not heard of again, and says so only once`() throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 9)
    #expect(limiter.tryAcquire())
    let first = try wait(1, in: limiter)
    let second = try wait(2, in: limiter)
    #expect(limiter.cancel(first))
    #expect(!limiter.cancel(first))
    limiter.release()
    #expect(seen == ["2 granted"])
    #expect(!limiter.cancel(second))
    #expect(limiter.counts.cancelled == 1)
    #expect(limiter.counts.permitsInUse == 1)
  }

  @Test func `a timeout that no clock can say is none, or no time at all`() throws {
    let limiter = ConcurrencyLimiter(
      permits: 1, queueLimit: 9, queueTimeout: .seconds(Int64.max))
    #expect(limiter.tryAcquire())
    clock.advance(by: .seconds(1))
    _ = try wait(1, in: limiter)
    #expect(limiter.earliestDeadline == nil)
    limiter.setQueue(limit: 9, timeout: .seconds(Int64.min))
    #expect(limiter.acquire(now: clock.now, waker: recorder, tag: 2) == .timedOut)
    #expect(limiter.expire(now: clock.now) == 0)
    limiter.release()
    #expect(seen == ["1 granted"])
  }

  @Test func `a full queue refuses with its limit`() throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 1)
    #expect(limiter.tryAcquire())
    _ = try wait(1, in: limiter)
    let admission = limiter.acquire(now: clock.now, waker: recorder, tag: 2)
    #expect(admission == .refused(queueLimit: 1))
    #expect(limiter.counts.refused == 1)
  }
}
