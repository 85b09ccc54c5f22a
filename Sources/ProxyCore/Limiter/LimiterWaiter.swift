/// A waiter in the line.
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
