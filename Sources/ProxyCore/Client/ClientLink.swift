/// The loop's end of a worker: sends what has gathered with one `send` a turn, and resumes the tasks
/// whose replies come. It lives as long as its loop.
final class ClientLink {
  private let worker: ClientWorker
  private let loop: EventLoop
  private let resolver: LoopResolver
  private let profile: LinkProfile
  private let requestTimeout: Duration?
  private lazy var link = LinkConnection(profile, on: loop, resolver: resolver, owner: self)

  // Unchecked because all is done by the loop's thread, and nothing here is called from within a
  // change of what it changes; checking cost a tenth of the thread's time.
  @safe @exclusivity(unchecked) private var requests = WaiterRing()
  /// What was taken last; empty between turns.
  @safe @exclusivity(unchecked) private var batch = ClientWorker.Batch()
  /// What has come of a string that did not come whole.
  @safe @exclusivity(unchecked) private var partial = ByteBuffer()
  private var timer: TimerHandle?
  /// Requests before this one need not be looked at for their deadlines.
  private var timedFrom: UInt64 = 0
  private var farewells: [CheckedContinuation<Void, Never>] = []

  /// A worker to a link on `loop`. Call it there.
  static func makeWorker(
    _ profile: LinkProfile, _ options: RedisClientOptions, _ resolver: NameResolver,
    on loop: EventLoop
  ) -> ClientWorker {
    let worker = ClientWorker(profile, requestsMax: options.requestsMaxOfLoop)
    let link = ClientLink(worker, profile, options, resolver, on: loop)
    worker.connect(
      loop.makeMailbox(capacity: Limits.redisClientBellsMax) { (_: Void, now) in
        link.gather(now: now)
      })
    return worker
  }

  private init(
    _ worker: ClientWorker, _ profile: LinkProfile, _ options: RedisClientOptions,
    _ resolver: NameResolver, on loop: EventLoop
  ) {
    self.worker = worker
    self.profile = profile
    self.loop = loop
    self.resolver = LoopResolver(resolver, on: loop)
    requestTimeout = options.requestTimeout
  }

  deinit {
    worker.end(for: &batch)
    let submissions = batch.submissions
    for number in requests.first..<requests.next {
      requests.end(number)?.fail(profile.error(.connectionLost(outcomeUnknown: true)))
    }
    for submission in submissions { submission.waiter.fail(profile.error(.closed)) }
    for task in farewells + batch.farewells { task.resume() }
  }

  // MARK: Requests

  private func gather(now: Moment) {
    worker.exchange(for: &batch)
    var taken = ClientWorker.Batch()
    swap(&taken, &batch)
    send(taken, now: now)
    for number in taken.cancelled { requests.abandon(number).fail(CancellationError()) }
    if !taken.farewells.isEmpty {
      farewells += taken.farewells
      link.drain(until: now.advanced(by: Limits.redisClientFarewellMax), now: now)
      finishIfClosed()
    }
    taken.removeAll()
    swap(&taken, &batch)
    worker.publish(bytesWaiting: link.outputCount)
    watchDeadlines()
  }

  private func send(_ batch: borrowing ClientWorker.Batch, now: Moment) {
    var position = 0
    for index in batch.submissions.indices {
      let submission = batch.submissions[index]
      let range = position..<position &+ submission.byteCount
      position = range.upperBound
      var bytes = batch.bytes.bytes.extracting(range)
      for _ in 0..<submission.requestCount {
        let number = requests.next
        requests.append(submission.waiter, now: now)
        do throws(RedisError) {
          try link.submit(LinkToken(number &+ 1), submission.delivery, bytes, now: now)
        } catch {
          end(number)?.fail(error)
        }
        // The first of several carries the bytes of all.
        bytes = bytes.extracting(first: 0)
      }
    }
  }

  private func end(_ number: UInt64) -> ReplyWaiter? {
    let waiter = requests.end(number)
    worker.publish(first: requests.first)
    return waiter
  }

  // MARK: Deadlines

  private static let deadlineToken = 0
  private static let farewellToken = 1

  /// One timer, for the oldest request that can still time out.
  private func watchDeadlines() {
    guard let requestTimeout, timer == nil else { return }
    timedFrom = max(timedFrom, requests.first)
    if timedFrom == requests.next { return }
    let deadline = requests.begun(timedFrom).advanced(by: requestTimeout)
    timer = loop.schedule(at: deadline, self, token: Self.deadlineToken)
  }

  // MARK: The end

  /// In a later turn: the requests that the link takes with it are reported first.
  private func finishIfClosed() {
    guard link.isClosed, !farewells.isEmpty else { return }
    let tasks = farewells
    farewells = []
    for task in tasks { task.resume() }
  }
}

extension ClientWorker.Submission {
  fileprivate var delivery: LinkDelivery {
    if case .string = waiter { .relay } else { .tree }
  }
}

extension ClientLink: TimerTarget {
  func timerFired(_ token: Int, now: Moment) {
    if token == Self.farewellToken { return finishIfClosed() }
    timer = nil
    guard let requestTimeout else { return }
    timedFrom = max(timedFrom, requests.first)
    while timedFrom < requests.next,
      requests.begun(timedFrom).advanced(by: requestTimeout) <= now
    {
      requests.abandon(timedFrom).fail(profile.error(.timedOut))
      timedFrom &+= 1
    }
    watchDeadlines()
  }
}

extension ClientLink: LinkOwner {
  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment) {
    switch event {
    case .piece(let piece): receive(piece, in: bytes)
    case .tree(let token):
      let waiter = end(token.value &- 1)
      do throws(RedisError) {
        deliver(try link.takeTree(), to: waiter)
      } catch {
        waiter?.fail(error)
      }
    case .needsMore, .ready, .invalidated, .invalidatedAll, .filled, .unasked, .answered, .drained,
      .lost:
      break
    }
  }

  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    partial.release()
    worker.publish(bytesWaiting: 0)
    if !farewells.isEmpty && link.isClosed {
      // After the requests that it takes with it, which are reported in this turn.
      _ = loop.schedule(at: now, self, token: Self.farewellToken)
    }
  }

  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    guard let waiter = end(request.token.value &- 1) else { return }
    if case .several(let replies) = waiter, replies.hasBegun {
      waiter.fail(profile.error(.connectionLost(outcomeUnknown: true)))
    } else {
      waiter.fail(error)
    }
  }

  func linkDrained(_ link: LinkConnection, now: Moment) {
    worker.publish(bytesWaiting: 0)
  }

  private func deliver(_ reply: RESPValue, to waiter: ReplyWaiter?) {
    switch waiter {
    case .several(let replies): replies.add(reply)
    case .value(let task):
      if case .error(let error) = reply {
        unsafe task.hand(error: profile.error(.errorReply(error)))
      } else {
        unsafe task.hand(reply)
      }
    case .string, .gone, nil: break
    }
  }

  /// A string is read where it lies, unless it came in pieces.
  private func receive(_ piece: LinkPiece, in bytes: RawSpan) {
    let shown = bytes.extracting(piece.bytes)
    if piece.isFirst && piece.isLast {
      return deliverString(shown, to: end(piece.token.value &- 1))
    }
    if partial.count <= profile.treeBytesMax { partial.append(shown) }
    guard piece.isLast else { return }
    let waiter = end(piece.token.value &- 1)
    if partial.count > profile.treeBytesMax {
      waiter?.fail(profile.error(.replyTooLarge(limit: profile.treeBytesMax)))
    } else {
      deliverString(partial.bytes, to: waiter)
    }
    partial.removeAll()
    if partial.allocated > Limits.linkHeldKeptMax { partial.release() }
  }

  private func deliverString(_ reply: RawSpan, to waiter: ReplyWaiter?) {
    guard case .string(let task) = waiter else { return }
    switch FillReply.read(reply, valueMax: Limits.replyStringBytesMax) {
    case .value(let range, _): unsafe task.hand(reply.extracting(range).array)
    case .absent: unsafe task.hand(nil)
    case .error(let range, _):
      let error = RESPError(bytes: reply.extracting(range).array)
      unsafe task.hand(error: profile.error(.errorReply(error)))
    case .needsMore, .oversized, .integer, .other, .malformed:
      unsafe task.hand(error: profile.error(.protocolDefect("a reply is no string")))
    }
  }
}
