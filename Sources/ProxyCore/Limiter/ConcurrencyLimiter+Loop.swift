/// The form for event loops, which never block: a wait ends with a call to a waker.
extension ConcurrencyLimiter {
  /// A place in the line.
  package struct PermitToken: Hashable, Sendable {
    let place: PermitQueue<LimiterWaiter>.SlotToken
  }

  /// What came of asking for a permit.
  package enum LimiterAdmission: Hashable, Sendable {
    /// The permit is the caller's, to be released.
    case granted
    /// The waker will be called, unless the wait is cancelled with this token first.
    case queued(PermitToken)
    /// `LimiterError.queueFull`.
    case refused(queueLimit: Int)
    /// `LimiterError.timedOut`: the queue timeout is zero.
    case timedOut
  }

  /// Takes a permit, or stands in line for one until `queueTimeout` from `now`, or until `notAfter`
  /// if that is sooner.
  ///
  /// O(1) with a permit free, and where deadlines come in order, as they do when all wait equally
  /// long; otherwise logarithmic in the number of waiters.
  ///
  /// The waker may be called before this returns, by another thread: it must post to the loop that runs
  /// this. Deadlines are watched by the callers' timers, with `expire(now:)`.
  package func acquire(
    now: Moment, notAfter: Moment = .distantFuture, waker: any LimiterWaker, tag: UInt64
  ) -> LimiterAdmission {
    locked { state in
      Self.admit(.waker(waker, tag: tag), now: now, notAfter: notAfter, to: &state).admission
    }
  }

  /// Leaves the line. Logarithmic in the number of waiters that have a deadline.
  ///
  /// - Returns: Whether the caller still waited: then the waker is not called. Otherwise it was
  ///   called, or is about to be, and a permit it brings must be released even if it is not needed
  ///   any more.
  package func cancel(_ token: PermitToken) -> Bool {
    leave(token) != nil
  }

  /// Tells all waiters whose deadline has come that no permit did. For each, logarithmic in the
  /// number of waiters; O(1) if there is none.
  ///
  /// - Returns: How many they were, whichever loop or task they belong to.
  @discardableResult
  package func expire(now: Moment) -> Int {
    resumeEach(.timedOut) { state in
      let waiter = state.queue.expireNext(now: now)
      if waiter != nil { state.counts.timedOut &+= 1 }
      return waiter
    }
  }

  /// When `expire(now:)` will next have something to do. O(1).
  package var earliestDeadline: Moment? {
    locked { state in state.queue.earliestDeadline }
  }

  func leave(_ token: PermitToken) -> LimiterWaiter? {
    locked { state in
      let waiter = state.queue.cancel(token.place)
      if waiter != nil { state.counts.cancelled &+= 1 }
      return waiter
    }
  }

  /// The one way in, for loops and tasks. Runs with the lock held.
  static func admit(
    _ waiter: LimiterWaiter, now: Moment, notAfter: Moment = .distantFuture,
    to state: inout LimiterState
  ) -> (admission: LimiterAdmission, deadline: Moment) {
    if state.queue.take() {
      state.counts.granted &+= 1
      return (.granted, .distantFuture)
    }
    let patience = state.queueTimeout.map { now.advanced(by: $0) } ?? .distantFuture
    let deadline = min(patience, notAfter)
    if deadline <= now {
      state.counts.timedOut &+= 1
      return (.timedOut, deadline)
    }
    switch state.queue.enqueue(waiter, deadline: deadline) {
    case .queued(let place):
      return (.queued(PermitToken(place: place)), deadline)
    case .refused:
      state.counts.refused &+= 1
      return (.refused(queueLimit: state.queue.queueLimit), deadline)
    case .granted:
      preconditionFailure("a permit came free with the lock held")
    }
  }
}
