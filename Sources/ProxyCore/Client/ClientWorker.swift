internal import Synchronization

/// The way from tasks to one loop of a client: requests as bytes, one behind the other, and who
/// waits for what.
///
/// ```
///   tasks ──encode──▶ batch ──exchanged for an empty one──▶ ClientLink ──▶ Link ──▶ Redis
///     └── ring, if it is silent    ──▶ mailbox ──▶ loop ─────────▲
/// ```
///
/// Adding the first thing to an empty batch rings; the loop then takes all that has gathered.
// Unchecked because the compiler cannot see that `lock` guards what is not constant.
final class ClientWorker: @unchecked Sendable {
  /// One or several requests of one task, one behind the other in the batch's bytes.
  struct Submission {
    let waiter: ReplyWaiter
    let requestCount: Int
    let byteCount: Int
  }

  /// What the loop takes at once.
  struct Batch: ~Copyable {
    var bytes = ByteBuffer()
    var submissions: [Submission] = []
    /// The numbers of requests whose tasks were cancelled.
    var cancelled: [UInt64] = []
    /// Tasks that wait for the end.
    var farewells: [CheckedContinuation<Void, Never>] = []

    mutating func removeAll() {
      bytes.removeAll()
      if bytes.allocated > Limits.redisClientWaitingKeptMax { bytes.release() }
      submissions.removeAll(keepingCapacity: submissions.count <= Limits.redisClientRequestsKeptMax)
      cancelled.removeAll(keepingCapacity: cancelled.count <= Limits.redisClientRequestsKeptMax)
      farewells = []
    }
  }

  private let lock = Lock()
  private var batch = Batch()
  /// The number of the next request.
  private var next: UInt64 = 0
  private var isRung = false
  private var isClosed = false
  private var hasEnded = false

  /// The number of the oldest request without a reply, as the loop last said.
  private let first = Atomic<UInt64>(0)
  /// Bytes that the loop has taken and the kernel has not, as the loop last said.
  private let bytesWaiting = Atomic<Int>(0)

  private let profile: LinkProfile
  private let requestsMax: Int
  /// Set once, before anybody has this worker.
  private var bell: Mailbox<Void>?

  init(_ profile: LinkProfile, requestsMax: Int) {
    self.profile = profile
    self.requestsMax = requestsMax
  }

  func connect(_ bell: Mailbox<Void>) { self.bell = bell }

  func error(_ reason: RedisError.Reason) -> RedisError { profile.error(reason) }

  // MARK: Any thread

  /// Requests whose replies have not come.
  var requestCount: Int {
    lock.acquire()
    defer { lock.release() }
    return Int(truncatingIfNeeded: next &- first.load(ordering: .acquiring))
  }

  /// Adds requests that `encode` appends, `bytesMax` bytes at most. `waiter` is resumed in any
  /// case.
  @inline(__always)  // or else each request would cost a closure
  func submit(
    _ waiter: ReplyWaiter, count: Int = 1, bytesMax: Int, _ place: borrowing RequestPlace,
    _ encode: (inout ByteBuffer) -> Void
  ) {
    if place.isAbandoned { return waiter.fail(CancellationError()) }
    lock.acquire()
    if let reason = refusal(of: count, bytesMax: bytesMax) {
      lock.release()
      return waiter.fail(error(reason))
    }
    let number = next
    next &+= UInt64(truncatingIfNeeded: count)
    let before = batch.bytes.count
    encode(&batch.bytes)
    batch.submissions.append(
      Submission(
        waiter: waiter, requestCount: count, byteCount: batch.bytes.count &- before))
    let isFirst = !isRung
    isRung = true
    lock.release()
    if isFirst { ring() }
    if !place.take(number) { cancel(number) }
  }

  private func refusal(of count: Int, bytesMax: Int) -> RedisError.Reason? {
    if isClosed { return .closed }
    let inFlight = Int(truncatingIfNeeded: next &- first.load(ordering: .relaxed))
    if inFlight &+ count > requestsMax { return .queueFull(limit: requestsMax) }
    let waiting = batch.bytes.count &+ bytesWaiting.load(ordering: .relaxed)
    if waiting &+ bytesMax > Limits.redisClientWaitingBytesMax {
      return .requestTooLarge(limit: Limits.redisClientWaitingBytesMax)
    }
    return nil
  }

  /// The task that waits for this request waits no longer.
  func cancel(_ number: UInt64) {
    lock.acquire()
    if !hasEnded { batch.cancelled.append(number) }
    let isFirst = !isRung
    isRung = true
    lock.release()
    if isFirst { ring() }
  }

  /// Refuses requests from now on, and returns when those in flight have been answered or have
  /// failed.
  func close() async {
    await withCheckedContinuation { task in
      lock.acquire()
      isClosed = true
      let isOver = hasEnded
      if !isOver { batch.farewells.append(task) }
      let isFirst = !isRung
      isRung = true
      lock.release()
      if isOver { task.resume() } else if isFirst { ring() }
    }
  }

  /// A loop that has ended does not hear it, and takes what is left by itself.
  private func ring() { _ = bell?.send(()) }

  // MARK: The loop

  /// Exchanges what has gathered for an empty batch.
  func exchange(for empty: inout Batch) {
    lock.acquire()
    isRung = false
    swap(&batch, &empty)
    lock.release()
  }

  /// The same for the last time; nothing is added any more.
  func end(for empty: inout Batch) {
    lock.acquire()
    isClosed = true
    hasEnded = true
    swap(&batch, &empty)
    lock.release()
  }

  /// Says how far it has come.
  func publish(first number: UInt64) { first.store(number, ordering: .releasing) }
  func publish(bytesWaiting count: Int) { bytesWaiting.store(count, ordering: .relaxed) }
}
