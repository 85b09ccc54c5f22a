/// How waiting for a permit ended.
package enum LimiterOutcome: Sendable {
  /// The permit is the waiter's: it must be released.
  case granted
  case timedOut
  case cancelled
}

/// Who is told that a wait has ended: for an event loop, its mailbox.
///
/// An object that exists anyway and a tag, rather than a closure for each wait, so that waiting
/// allocates nothing.
package protocol LimiterWaker: AnyObject, Sendable {
  /// Called once a wait, on the thread that ended it, with no lock held. Hand the news on and
  /// return: the caller may be another event loop.
  func limiterWait(_ tag: UInt64, ended outcome: LimiterOutcome)
}

/// Somebody in the line.
enum LimiterWaiter: Sendable {
  /// A task, and how long it was told that it may wait.
  case task(CheckedContinuation<Void, any Error>, timeout: Duration)
  case waker(any LimiterWaker, tag: UInt64)

  func resume(_ outcome: LimiterOutcome) {
    switch (self, outcome) {
    case (.waker(let waker, let tag), _): waker.limiterWait(tag, ended: outcome)
    case (.task(let task, _), .granted): task.resume()
    case (.task(let task, _), .cancelled): task.resume(throwing: CancellationError())
    case (.task(let task, let timeout), .timedOut):
      task.resume(throwing: LimiterError.timedOut(after: timeout))
    }
  }
}
