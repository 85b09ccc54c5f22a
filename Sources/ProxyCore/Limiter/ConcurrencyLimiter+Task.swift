private import Synchronization

extension ConcurrencyLimiter {
  /// Runs `body` with a permit, having waited for it in line if need be.
  ///
  /// `body` runs where the caller runs: on its actor, and with access to what that protects. The
  /// permit is released when `body` returns or throws. A task that is cancelled while it waits
  /// stops waiting at once; one that is cancelled later has its permit, and `body` decides.
  ///
  /// With a permit free and an empty line, O(1) on top of `body`, and neither a suspension nor an
  /// allocation; otherwise logarithmic in the number of waiters that have a deadline.
  ///
  /// - Throws: `LimiterError`, `CancellationError`, or what `body` throws.
  public nonisolated(nonsending) func withPermit<Result: ~Copyable, Failure: Error>(
    _ body: nonisolated(nonsending) () async throws(Failure) -> Result
  ) async throws -> Result {
    if Task.isCancelled { throw CancellationError() }
    if !tryAcquire() { try await waitForPermit() }
    defer { release() }
    return try await body()
  }

  private nonisolated(nonsending) func waitForPermit() async throws {
    let place = TaskPlace()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { enter(place, resuming: $0) }
    } onCancel: {
      if let token = place.abandon() { leave(token)?.resume(.cancelled) }
    }
  }

  private func enter(_ place: TaskPlace, resuming task: CheckedContinuation<Void, any Error>) {
    let now = Moment.now
    let (admission, timeout, alarm) = locked { state in
      let timeout = max(state.queueTimeout ?? .zero, .zero)
      let (admission, deadline) = Self.admit(.task(task, timeout: timeout), now: now, to: &state)
      return (admission, timeout, state.alarm.advance(to: deadline))
    }
    if let alarm { start(alarm) }
    switch admission {
    case .granted: task.resume()
    case .refused(let limit): task.resume(throwing: LimiterError.queueFull(limit: limit))
    case .timedOut: task.resume(throwing: LimiterError.timedOut(after: timeout))
    case .queued(let token):
      if !place.take(token) { leave(token)?.resume(.cancelled) }
    }
  }
}

/// What a waiting task shares with its cancellation, which may come before there is a place in
/// line.
private final class TaskPlace: Sendable {
  private enum WaitStage {
    static let before: UInt64 = 0
    static let abandoned: UInt64 = .max
  }

  /// One of the stages, or a token and one, which is neither.
  private let stage = Atomic<UInt64>(WaitStage.before)

  /// False if the wait was abandoned before.
  func take(_ token: ConcurrencyLimiter.PermitToken) -> Bool {
    stage.compareExchange(
      expected: WaitStage.before, desired: token.bits, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The place to leave, if one was taken.
  func abandon() -> ConcurrencyLimiter.PermitToken? {
    let before = stage.exchange(WaitStage.abandoned, ordering: .acquiringAndReleasing)
    return before == WaitStage.before || before == WaitStage.abandoned
      ? nil : ConcurrencyLimiter.PermitToken(bits: before)
  }
}

extension ConcurrencyLimiter.PermitToken {
  /// Both numbers, the slot raised by one so that the whole is never 0; a slot is far below the
  /// maximum.
  fileprivate var bits: UInt64 {
    UInt64(place.slot &+ 1) << 32 | UInt64(place.generation)
  }

  init(bits: UInt64) {
    place = .init(slot: UInt32(bits >> 32) &- 1, generation: UInt32(truncatingIfNeeded: bits))
  }
}
