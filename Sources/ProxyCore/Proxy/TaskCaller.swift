/// A task that waits for a worker. Everything but its end happens on the worker's loop.
// Unchecked because only the worker's loop touches `link` and `whenAdmitted`, and `lock` guards the rest.
final class TaskCaller: Caller, @unchecked Sendable {
  enum TaskOutcome: Sendable {
    case value([UInt8]?)
    case large
    case reply(RESPValue)
    case failure(any Error)
  }

  var link: (Worker, PinnedLink, leavesState: Bool)?
  var whenAdmitted: ((Moment) -> Void)?
  private let lock = Lock()
  private var waiting: CheckedContinuation<TaskOutcome, Never>?
  private var outcome: TaskOutcome?

  /// The outcome, once it is there. For one task.
  func wait() async -> TaskOutcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        lock.acquire()
        let known = outcome
        if known == nil { waiting = continuation }
        lock.release()
        if let known { continuation.resume(returning: known) }
      }
    } onCancel: {
      end(.failure(CancellationError()))
    }
  }

  /// The first outcome counts.
  func end(_ outcome: TaskOutcome) {
    lock.acquire()
    let waiting = waiting.take()
    let isFirst = self.outcome == nil
    if isFirst { self.outcome = outcome }
    lock.release()
    if isFirst { waiting?.resume(returning: outcome) }
  }

  var hasEnded: Bool {
    lock.acquire()
    defer { lock.release() }
    return outcome != nil
  }

  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {
    switch outcome {
    case .value: end(.value(bytes.array))
    case .absent: end(.value(nil))
    case .large: end(.large)
    case .error: end(.reply(.error(RESPError(bytes: bytes.array))))
    case .failed(let error): end(.failure(error))
    }
  }

  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    giveLinkBack(now: now)
    switch reply {
    case .success(let reply): end(.reply(reply))
    case .failure(let error): end(.failure(error))
    }
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {
    whenAdmitted = nil
    giveLinkBack(now: now)
    end(.failure(error))
  }

  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {
    let depart = whenAdmitted.take()
    if let error { end(.failure(ProxyError.limiter(error))) } else { depart?(now) }
  }

  private func giveLinkBack(now: Moment) {
    guard let (worker, link, leavesState) = link.take() else { return }
    worker.unpin(link, isClean: !leavesState, now: now)
  }
}
