/// What comes from Redis, sorted.
extension Link {
  /// What stands in `bytes` at `position`, which moves behind it. Call it until it `needsMore`, and show
  /// it the bytes that are left then again, with those that come after them. O(bytes).
  package mutating func read(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent {
    quietSince = now
    while true {
      guard isConnected else {
        position = bytes.byteCount
        return .needsMore(atLeast: 1)
      }
      if let event = step(bytes, at: &position, now: now) { return event }
    }
  }

  private var isConnected: Bool {
    switch state {
    case .greeting, .ready, .draining: true
    case .idle, .connecting, .resting, .closed: false
    }
  }

  private var isGreeting: Bool { if case .greeting = state { true } else { false } }

  /// The next event, or nil where bytes were taken that are none.
  private mutating func step(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    if reading.frame == .boundary {
      if case .draining = state, requests.isEmpty {
        _ = close(now: now)
        return .drained
      }
    }
    guard position < bytes.byteCount else { return .needsMore(atLeast: 1) }
    switch reading.frame {
    case .boundary: return begin(bytes, at: &position, now: now)
    case .reply: return continueReply(bytes, at: &position, now: now)
    case .greeting: return readGreeting(bytes, at: &position, now: now)
    case .keys(let left): return readKey(bytes, at: &position, left: left, now: now)
    case .unasked, .confirmation: return relayUnasked(bytes, at: &position, now: now)
    case .skippedValue(let value):
      return skip(bytes, at: &position, now: now) { link in
        link.reading.firstHalf = value
        return nil
      }
    case .skippedLifetime:
      return skip(bytes, at: &position, now: now) { link in link.endFill(.unknown) }
    case .skippedKey(let left):
      return skip(bytes, at: &position, now: now) { link in
        link.reading.frame = left > 0 ? .keys(left) : .boundary
        return nil
      }
    case .push: return skip(bytes, at: &position, now: now) { _ in nil }
    }
  }

  /// The first byte of a reply or a push decides whose it is.
  private mutating func begin(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    let first = unsafe bytes.byte(at: position)  // in bounds: the caller has looked
    if first == ReplyKind.push.rawValue { return beginPush(bytes, at: &position, now: now) }
    if isGreeting { return readGreeting(bytes, at: &position, now: now) }
    if first == ReplyKind.array.rawValue && isSubscriber() {
      switch PushHead.read(bytes.extracting(position..<bytes.byteCount)) {
      case .needsMore(let count): return .needsMore(atLeast: count)
      case .message: return beginUnasked(.unasked)
      case .confirmation(let isShard): return beginUnasked(.confirmation(isShard: isShard))
      case .invalidation, .invalidationOfAll, .other, .malformed: break
      }
    }
    guard let request = requests.first else {
      if profile.role.isPinned { return beginUnasked(.unasked) }
      return fail(.protocolDefect("a reply came without a request"), now: now)
    }
    switch request.delivery {
    case .fill: return readFill(bytes, at: &position, now: now)
    case .transaction where reading.transaction != nil && reading.transaction?.count == nil:
      return beginTransaction(bytes, at: &position, request, now: now)
    case .relay, .confirmations, .transaction, .tree, .answer, .treeAfter, .discard:
      reading.frame = .reply
      return nil
    }
  }

  /// Whether the peer may send messages as arrays: in RESP2, from the first confirmation on. Mutating only
  /// because the compiler (6.3) copies the whole link to borrow it.
  private mutating func isSubscriber() -> Bool {
    if reading.version == .three { return false }
    switch requests.first?.delivery {
    case .confirmations: return true
    case .transaction where reading.transaction != nil:
      // Its own first line is one of an array too.
      let transaction = reading.transaction
      return transaction?.count != nil
        && (reading.isSubscribed || transaction?.expectsConfirmation == true)
    default: return reading.isSubscribed
    }
  }

  // MARK: Replies

  /// The reply of the request at the head, from its beginning or from where it was left.
  private mutating func continueReply(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    guard let request = requests.first else {
      return fail(.protocolDefect("a reply came without a request"), now: now)
    }
    let isFirst = !reading.scanner.isMidReply
    let start = position
    guard let isLast = scan(bytes, at: &position, now: now) else { return .lost }
    switch request.delivery {
    case .transaction where reading.transaction != nil:
      return transactionPiece(
        start..<position, of: request.token, isLast: isLast, isConfirmation: false)
    case .relay, .confirmations, .transaction:
      // An error, or whatever else is no confirmation, comes alone for all of them.
      if isLast { endRequest() }
      return .piece(
        LinkPiece(
          token: request.token, bytes: start..<position, isFirst: isFirst, isLast: isLast,
          endsRequest: isLast))
    case .discard, .fill:
      guard isLast else { return nil }
      let isError = reading.scanner.kind == .error || reading.scanner.kind == .bulkError
      endRequest()
      if request.token == .own {
        pingSent = nil
        return nil
      }
      return .answered(request.token, isError: isError)
    case .treeAfter(let left):
      if isLast {
        var next = request
        next.delivery = left > 1 ? .treeAfter(left &- 1) : .tree
        requests.replaceFirst(next)
        reading.frame = .boundary
      }
      return nil
    case .tree, .answer:
      let limit = request.delivery == .answer ? Limits.answerBytesMax : profile.treeBytesMax
      collect(bytes.extracting(start..<position), isLast: isLast, limit)
      guard isLast else { return nil }
      endRequest()
      return .tree(request.token)
    }
  }

  /// What is kept of a reply that is read as a whole.
  var collectedBytes: Int { reading.collected.allocated }

  /// The reply that a `tree` event was about.
  package mutating func takeTree() throws(RedisError) -> RESPValue {
    if let tree = reading.tree.take() { return tree }
    switch reading.treeDefect.take() {
    case nil: throw profile.error(.replyTooLarge(limit: reading.limit))
    case .nestedTooDeeply: throw profile.error(.replyTooDeep(limit: Limits.replyTreeDepthMax))
    case .some(let defect): throw profile.error(.protocolDefect(defect.description))
    }
  }

  /// Adds a piece to a reply that is read as a whole, and reads it. Where it ends is known, whatever is wrong
  /// with it: so that is for its request alone, and others on the link go on.
  private mutating func collect(_ piece: RawSpan, isLast: Bool, _ limit: Int) {
    if reading.collected.count &+ piece.byteCount > limit {
      reading.isTooLarge = true
      reading.limit = limit
    }
    if reading.isTooLarge {
      reading.collected.release()
      reading.tree = nil
      reading.treeDefect = nil
      if isLast { reading.isTooLarge = false }
      return
    }
    let isWhole = isLast && reading.collected.isEmpty
    if !isWhole { reading.collected.append(piece) }
    guard isLast else { return }
    do throws(ReplyDefect) {
      if isWhole {
        reading.tree = try RESPValue(reading: piece)
      } else {
        reading.tree = try RESPValue(reading: reading.collected.bytes)
      }
    } catch {
      reading.tree = nil
      reading.treeDefect = error
    }
    reading.collected.removeAll()
    if reading.collected.allocated > Limits.linkHeldKeptMax { reading.collected.release() }
  }

  private mutating func readGreeting(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    let start = position
    guard let isLast = scan(bytes, at: &position, now: now) else { return .lost }
    collect(bytes.extracting(start..<position), isLast: isLast, Limits.greetingReplyBytesMax)
    if reading.isTooLarge { return fail(.notRedis, now: now) }
    reading.frame = isLast ? .boundary : .greeting
    guard isLast else { return nil }
    reading.treeDefect = nil
    guard let reply = reading.tree.take() else { return fail(.notRedis, now: now) }
    return advanceGreeting(reply, now: now)
  }

  private mutating func advanceGreeting(_ reply: RESPValue, now: Moment) -> LinkEvent? {
    switch greeting.take(reply, profile, to: &outgoing) {
    case .proceed: return nil
    case .failed(let reason): return fail(reason, now: now)
    case .finished:
      let learned = greeting.server
      if let expected = expectedRunID, let found = learned.runID, found != expected {
        server = learned
        return fail(.serverReplaced, now: now)
      }
      becomeReady(learned, now: now)
      return .ready
    }
  }

  // MARK: Shared by all

  /// Moves `position` to the end of the frame or of the bytes. Whether it was the end of the frame, or
  /// nil where the link was lost by it.
  mutating func scan(_ bytes: RawSpan, at position: inout Int, now: Moment) -> Bool? {
    let verdict = reading.scanner.scan(bytes.extracting(position..<bytes.byteCount))
    if reading.scanner.kind == .push && !reading.frame.mayBePush {
      // Behind an attribute, where it was taken for a reply.
      _ = fail(.protocolDefect(ReplyDefect.pushNested.description), now: now)
      return nil
    }
    switch verdict {
    case .partial:
      position = bytes.byteCount
      return false
    case .complete(let length):
      position &+= length
      return true
    case .malformed(let defect):
      _ = fail(.protocolDefect(defect.description), now: now)
      return nil
    }
  }

  private mutating func skip(
    _ bytes: RawSpan, at position: inout Int, now: Moment,
    then: (inout Link) -> LinkEvent?
  ) -> LinkEvent? {
    guard let isLast = scan(bytes, at: &position, now: now) else { return .lost }
    guard isLast else { return nil }
    reading.frame = .boundary
    return then(&self)
  }

  mutating func endRequest() {
    _ = requests.removeFirst()
    reading.frame = .boundary
  }

  /// The link is lost by what came. In a greeting that is taken as a sign that it is no Redis.
  mutating func fail(_ reason: RedisError.Reason, now: Moment) -> LinkEvent {
    var reason = reason
    if isGreeting, case .protocolDefect = reason { reason = .notRedis }
    _ = lose(because: reason, now: now)
    return .lost
  }
}
