/// Takes the limiter's news to the worker, from whatever thread.
final class PermitWaker: LimiterWaker {
  private let mailbox: Mailbox<WorkerMessage>
  private let limiter: ConcurrencyLimiter

  init(_ mailbox: Mailbox<WorkerMessage>, _ limiter: ConcurrencyLimiter) {
    self.mailbox = mailbox
    self.limiter = limiter
  }

  func limiterWait(_ tag: UInt64, ended outcome: LimiterOutcome) {
    let isThere = mailbox.send(.waitEnded(tag, outcome))
    // A loop that has ended is no reason to lose a permit.
    if !isThere && outcome == .granted { limiter.release() }
  }
}
