/// Beginnings and ends.
extension Link {
  /// Sets out, where nothing has begun yet.
  package mutating func start(now: Moment) -> LinkAction {
    guard case .idle = state else { return .proceed }
    state = .connecting(deadline: now.advanced(by: profile.connectTimeout))
    return .connect
  }

  /// The connection is there.
  package mutating func connected(now: Moment) -> LinkAction {
    guard case .connecting(let deadline) = state else {
      preconditionFailure("a connection came that the link had not asked for")
    }
    return greet(until: deadline, resets: false, now: now)
  }

  /// Makes an idle link as if it were new: without subscriptions, a transaction, a name, an
  /// identity. Only where nothing is in flight; Redis knows how since 6.2.
  package mutating func reset(now: Moment) -> LinkAction {
    guard isReady, requests.isEmpty else { return close(now: now) }
    reading.forgetSubscriptions()
    return greet(until: now.advanced(by: profile.connectTimeout), resets: true, now: now)
  }

  private mutating func greet(until deadline: Moment, resets: Bool, now: Moment) -> LinkAction {
    precondition(failedCount == 0, "failed requests must be removed before the next connection")
    quietSince = now
    // The greeting is in this version, and whatever has it changed comes behind it.
    reading.version = profile.role.version
    greeting = Greeting()
    switch greeting.begin(profile, resets: resets, to: &outgoing) {
    case .proceed: state = .greeting(deadline: deadline)
    case .finished: becomeReady(greeting.server, now: now)
    case .failed(let reason): return lose(because: reason, now: now)
    }
    return .proceed
  }

  /// The greeting is over.
  mutating func becomeReady(_ server: LinkServer, now: Moment) {
    self.server = server
    state = .ready(since: now)
    Self.append(waiting, to: &outgoing)
    waiting.release()
  }

  private static func append(_ bytes: borrowing ByteBuffer, to output: inout ByteBuffer) {
    output.append(bytes.bytes)
  }

  /// The connection was not made, or has ended. Of what the link had given out, the last `unsentBytes`
  /// are known never to have left this machine.
  package mutating func disconnected(
    because reason: RedisError.Reason, unsentBytes: Int = 0, now: Moment
  ) -> LinkAction {
    isActive ? lose(because: reason, unsentBytes: unsentBytes, now: now) : .proceed
  }

  /// Takes no more requests; answers those that it has, until `deadline`.
  package mutating func drain(until deadline: Moment, now: Moment) -> LinkAction {
    switch state {
    case .ready where !requests.isEmpty:
      state = .draining(deadline: deadline)
      return .proceed
    case .draining: return .proceed
    case .idle, .connecting, .greeting, .ready, .resting, .closed: return close(now: now)
    }
  }

  /// Ends it for good, whatever is in flight.
  package mutating func close(now: Moment) -> LinkAction {
    if isClosed { return .proceed }
    return lose(because: .closed, now: now)
  }

  /// Ends the connection and makes another, resolving the name again: the server is a replica now, or
  /// another one than the other links'.
  package mutating func renew(because reason: RedisError.Reason, now: Moment) -> LinkAction {
    isActive ? lose(because: reason, now: now) : .proceed
  }

  /// Looks at the deadlines.
  package mutating func timeReached(now: Moment) -> LinkAction {
    guard now >= deadline else { return .proceed }
    switch state {
    case .connecting, .greeting: return lose(because: .connectTimedOut, now: now)
    case .draining: return lose(because: .closed, now: now)
    case .resting:
      state = .connecting(deadline: now.advanced(by: profile.connectTimeout))
      return .connect
    case .ready:
      // A dead peer is found by TCP. This is to have something sent, which keeps translations on the
      // way alive and lets TCP notice; a link with requests in flight has sent something.
      if pingSent != nil { return lose(because: .timedOut, now: now) }
      if requests.isEmpty {
        enqueue(.own, .discard)
        write { $0.append("*1\r\n$4\r\nPING\r\n") }
        pingSent = now
      } else {
        quietSince = now
      }
      return .proceed
    case .idle, .closed: return .proceed
    }
  }

  /// The one way in which a connection, or an attempt at one, comes to its end.
  mutating func lose(
    because reason: RedisError.Reason, unsentBytes: Int = 0, now: Moment
  ) -> LinkAction {
    failure = profile.error(reason)
    let given = bytesGivenOut(unsentBytes: unsentBytes)
    // Those that still wait to be removed keep their bound: to call a request sent is the safe error.
    failedBytesSent = failedCount > 0 ? max(failedBytesSent, given) : given
    failedCount = requests.count
    bytesSubmitted = 0
    outgoing.release()
    waiting.release()
    reading = LinkReading(profile.role)
    pingSent = nil
    return rest(because: reason, now: now)
  }

  private func bytesGivenOut(unsentBytes: Int) -> Int {
    switch state {
    case .ready, .draining: bytesSubmitted &- outgoing.count &- max(0, unsentBytes)
    case .idle, .connecting, .greeting, .resting, .closed: 0
    }
  }

  private mutating func rest(because reason: RedisError.Reason, now: Moment) -> LinkAction {
    var wasStable = false
    var isOver = reason == .closed || !profile.role.reconnects
    switch state {
    case .ready(let since): wasStable = now.since(since) >= Limits.linkStableMin
    case .draining, .closed: isOver = true
    case .idle, .connecting, .greeting, .resting: break
    }
    if isOver {
      state = .closed
      return .close
    }
    if wasStable {
      backoff.reset()
      state = .resting(until: now)
    } else {
      let needsOperator = failure?.needsOperator ?? false
      let longest = failure?.lacksPassword == true ? Limits.backoffRefused : Limits.backoffMax
      let pause = needsOperator ? backoff.afterRefusal() : backoff.afterFailure(upTo: longest)
      state = .resting(until: now.advanced(by: pause))
    }
    return .abandon
  }
}
