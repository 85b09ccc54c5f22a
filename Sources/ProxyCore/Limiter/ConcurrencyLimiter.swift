/// Lets a fixed number of operations run at once, and a bounded number of others wait for their
/// turn.
///
/// A semaphore whose waiters stand in one line, first come, first served: a permit that is released
/// goes to the head of the line, first come first served. Waiting can be bounded in time and
/// cancelled; neither ever loses a permit.
///
/// ```swift
/// let limiter = ConcurrencyLimiter(permits: 64, queueLimit: 1_000, queueTimeout: .seconds(1))
///
/// do {
///   let name = try await limiter.withPermit { try await redis.get("name") }
/// } catch let error as LimiterError {
///   // .queueFull(limit: 1_000) or .timedOut(after: .seconds(1))
/// }
/// ```
///
/// One lock guards all of it. While the line is empty it is held for O(1); otherwise for a time
/// logarithmic in how many wait with a deadline, in whatever order the deadlines come, and longer
/// only when the tables grow for a line longer than any before. No waiter is resumed while it is held.
/// Memory is proportional to the longest line there was, at most `queueLimit`.
///
/// Arguments that make no sense are clamped rather than refused, because they come from
/// configurations: permits to 1 ... 1 048 576 (with none, nothing would ever run), the queue to 0
/// ... 1 048 576 waiters. With a queue of 0, or a timeout of 0 or less, no request waits.
public final class ConcurrencyLimiter: Sendable {
  /// What `lock` guards.
  struct LimiterState: ~Copyable {
    var queue: PermitQueue<LimiterWaiter>
    var queueTimeout: Duration?
    var counts = LimiterCounts()
    var alarm = LimiterAlarm()
  }

  private let lock = Lock()
  // Unsafe, and its exclusivity unchecked, because the compiler cannot see that only `locked` touches it, which
  // holds the lock, and calls back nothing that could take it again.
  @exclusivity(unchecked) private nonisolated(unsafe) var state: LimiterState

  /// A limiter with all its permits free.
  ///
  /// - Parameters:
  ///   - permits: How many operations may run at once, at least 1.
  ///   - queueLimit: How many may wait, at least 0.
  ///   - queueTimeout: How long one may wait; nil for as long as it takes.
  public init(permits: Int, queueLimit: Int, queueTimeout: Duration? = nil) {
    unsafe state = LimiterState(
      queue: PermitQueue(
        permits: Self.clampedPermits(permits), queueLimit: Self.clampedQueue(queueLimit)),
      queueTimeout: queueTimeout)
  }

  deinit { unsafe state.alarm.task?.cancel() }

  /// Takes a permit if one is free and the line is empty. O(1).
  ///
  /// Balance each success with one `release()`. Where a scope can hold the permit,
  /// `withPermit` is the safer form.
  public func tryAcquire() -> Bool {
    locked { state in
      guard state.queue.take() else { return false }
      state.counts.granted &+= 1
      return true
    }
  }

  /// Gives a permit back: to the head of the line, if it is not empty. O(1) if it is, otherwise
  /// logarithmic in the number of waiters that have a deadline.
  ///
  /// Releasing a permit that was not taken is a mistake in the program, and traps.
  public func release() {
    if !locked({ $0.queue.putBack() }) { releaseToNext() }
  }

  /// Out of line, so that the uncontended release stays short.
  @inline(never)
  private func releaseToNext() {
    let next = locked { state in
      let next = state.queue.release()
      if next != nil { state.counts.granted &+= 1 }
      return next
    }
    next?.resume(.granted)
  }

  /// Changes how many operations may run at once. O(1), and for each waiter this lets in as much as
  /// a `release()`.
  ///
  /// With fewer, those that hold a permit keep it, and none are granted until enough
  /// have.
  public func setPermits(_ permits: Int) {
    locked { state in state.queue.permits = Self.clampedPermits(permits) }
    resumeEach(.granted) { state in
      let next = state.queue.grantNext()
      if next != nil { state.counts.granted &+= 1 }
      return next
    }
  }

  /// Changes how many may wait and for how long, for those who come from now on. O(1).
  public func setQueue(limit: Int, timeout: Duration?) {
    locked { state in
      state.queue.queueLimit = Self.clampedQueue(limit)
      state.queueTimeout = timeout
    }
  }

  /// How long one may wait who comes now; nil for as long as it takes. O(1).
  package var queueTimeout: Duration? { locked { $0.queueTimeout } }

  /// What it is doing and has done. O(1).
  public var counts: LimiterCounts {
    locked { state in
      var counts = state.counts
      counts.permits = state.queue.permits
      counts.permitsInUse = state.queue.permitsInUse
      counts.queueLimit = state.queue.queueLimit
      counts.waiting = state.queue.waiting
      return counts
    }
  }

  /// Runs `body` on the state with the lock held; what it returns is acted upon without.
  func locked<Result>(_ body: (inout LimiterState) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return unsafe body(&state)
  }

  /// Takes waiters one by one and tells each, so that the lock is held for no longer than one
  /// takes, however many there are.
  @discardableResult
  func resumeEach(_ outcome: LimiterOutcome, _ next: (inout LimiterState) -> LimiterWaiter?) -> Int
  {
    var number = 0
    while let waiter = locked(next) {
      waiter.resume(outcome)
      number += 1
    }
    return number
  }

  private static func clampedPermits(_ permits: Int) -> Int {
    min(max(permits, 1), Limits.limiterPermitsMax)
  }

  private static func clampedQueue(_ limit: Int) -> Int {
    min(max(limit, 0), Limits.limiterWaitersMax)
  }
}
