/// Requests: in, and out again where the connection was lost.
extension Link {
  /// Queues a request that is `bytes` as they are. O(bytes).
  ///
  /// It waits while the link is connected for the first time, or again after it had worked; after an
  /// attempt that failed it is refused at once with what the attempt met.
  package mutating func submit(
    _ token: LinkToken, _ delivery: LinkDelivery, _ bytes: RawSpan
  ) throws(RedisError) {
    try checkRoom(for: bytes.byteCount)
    enqueue(token, delivery)
    write { $0.append(bytes) }
  }

  /// Queues a fill: `GET` and `PTTL` of `key`. O(key).
  package mutating func submitFill(_ token: LinkToken, key: RawSpan) throws(RedisError) {
    try checkRoom(for: key.byteCount &* 2)
    enqueue(token, .fill)
    write {
      $0.appendGet(key)
      $0.append("*2\r\n$4\r\nPTTL\r\n")
      $0.appendArgument(key)
    }
  }

  /// Queues a `PING`, whose answer comes after everything that Redis has sent here before it.
  package mutating func submitFence(_ token: LinkToken) throws(RedisError) {
    try checkRoom(for: 0)
    enqueue(token, .discard)
    write { $0.append("*1\r\n$4\r\nPING\r\n") }
  }

  /// Sends more of the last request, which began with a part of it. False: the connection was lost
  /// since, and the request with it.
  package mutating func extend(_ token: LinkToken, _ bytes: RawSpan) -> Bool {
    guard requests.count > failedCount, requests.last?.token == token else { return false }
    write { $0.append(bytes) }
    return true
  }

  /// The next request that a lost connection takes with it, in order; nil when there is none left.
  /// Remove all before anything else is asked of the link.
  package mutating func removeFailed() -> FailedRequest? {
    while failedCount > 0, let request = requests.removeFirst() {
      failedCount &-= 1
      if request.token == .own { continue }
      return FailedRequest(
        token: request.token, delivery: request.delivery,
        wasSent: request.start < failedBytesSent)
    }
    return nil
  }

  /// The error for one of those: where it had been sent, its outcome is unknown.
  package func error(of request: FailedRequest) -> RedisError {
    if request.wasSent { return profile.error(.connectionLost(outcomeUnknown: true)) }
    return failure ?? profile.error(.connectionLost(outcomeUnknown: false))
  }

  /// Mutating only because the compiler (6.3) copies the whole link to borrow it.
  private mutating func checkRoom(for count: Int) throws(RedisError) {
    switch state {
    case .ready: break
    case .idle, .connecting, .greeting, .resting:
      if backoff.failures > 0 { throw failure ?? profile.error(.closed) }
      if waiting.count &+ count > Limits.linkWaitingBytesMax {
        throw profile.error(.requestTooLarge(limit: Limits.linkWaitingBytesMax))
      }
    case .draining: throw profile.error(.closed)
    case .closed: throw failure ?? profile.error(.closed)
    }
    if requests.count >= Limits.linkRequestsMax {
      throw profile.error(.queueFull(limit: Limits.linkRequestsMax))
    }
  }

  mutating func enqueue(_ token: LinkToken, _ delivery: LinkDelivery) {
    requests.append(LinkRequest(token: token, delivery: delivery, start: bytesSubmitted))
  }

  mutating func write(_ body: (inout ByteBuffer) -> Void) {
    if isReady {
      let before = outgoing.count
      body(&outgoing)
      bytesSubmitted &+= outgoing.count &- before
    } else {
      let before = waiting.count
      body(&waiting)
      bytesSubmitted &+= waiting.count &- before
    }
  }
}
