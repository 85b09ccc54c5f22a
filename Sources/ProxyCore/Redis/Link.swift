/// One connection to Redis, from the first attempt to the last: what to do next, never the doing of it.
///
/// ```
///   submit ──▶ waiting ─▶ outgoing ──▶ (driver, socket) ──▶ Redis
///                 └─▶ requests in flight ◀── matched by position ──┐
///   owner ◀── LinkEvent ◀── read ◀── bytes ◀── (driver, socket) ◀──┘
/// ```
///
/// The driver tells what happened and does what the answer says. Each request ends exactly once: with an
/// event of `read`, or as one of those that `removeFailed` names.
package struct Link: ~Copyable {
  enum State: Equatable {
    /// Nothing was asked of it. Can go to: connecting, closed.
    case idle
    /// A name is resolved, a connection made. Can go to: greeting, resting, closed.
    case connecting(deadline: Moment)
    /// Says who it is and hears who answers. Can go to: ready, resting, closed.
    case greeting(deadline: Moment)
    /// Carries requests. Can go to: greeting (after a reset), draining, resting, closed.
    case ready(since: Moment)
    /// Takes no more requests and ends with the last reply. Can go to: closed.
    case draining(deadline: Moment)
    /// Waits for its next attempt. Can go to: connecting, closed.
    case resting(until: Moment)
    /// Has ended for good.
    case closed
  }

  package let profile: LinkProfile
  /// Another server than this one is refused, with `serverReplaced`. Nil: any will do.
  package var expectedRunID: [UInt8]?
  /// What the last greeting taught.
  package internal(set) var server = LinkServer()
  /// Why the link was last abandoned or closed.
  package internal(set) var failure: RedisError?

  var state = State.idle
  /// Of use while the state is `greeting`.
  var greeting = Greeting()
  var backoff: Backoff
  var requests = Ring<LinkRequest>(keepingRoomFor: Limits.linkRequestsKeptMax)
  /// What the driver is to send next.
  var outgoing = ByteBuffer()
  /// Requests that wait for the greeting.
  var waiting = ByteBuffer()
  /// Bytes of requests on this connection, `waiting` included.
  var bytesSubmitted = 0
  /// Of `requests`, the first so many belong to a connection that was lost.
  var failedCount = 0
  /// Requests of the lost connection that began before this had perhaps been sent.
  var failedBytesSent = 0

  var quietSince = Moment(nanoseconds: 0)
  var pingSent: Moment?
  var reading: LinkReading

  package init(_ profile: LinkProfile, backoff: Backoff = Backoff()) {
    self.profile = profile
    self.backoff = backoff
    reading = LinkReading(profile.role)
  }

  // MARK: What it is

  package var isReady: Bool { if case .ready = state { true } else { false } }
  package var isClosed: Bool { if case .closed = state { true } else { false } }
  /// Whether there is a connection, or an attempt at one, that the driver has to do with.
  package var isActive: Bool {
    switch state {
    case .connecting, .greeting, .ready, .draining: true
    case .idle, .resting, .closed: false
    }
  }

  /// Requests without a reply, those included that have failed and were not removed yet.
  package var requestCount: Int { requests.count }

  /// When `timeReached` wants to be called; it does no harm to call it earlier.
  package var deadline: Moment {
    switch state {
    case .connecting(let deadline), .greeting(let deadline), .draining(let deadline): deadline
    case .resting(let until): until
    case .ready:
      if profile.role.isPinned {
        .distantFuture
      } else if let pingSent {
        max(pingSent, quietSince).advanced(by: Limits.linkPingTimeout)
      } else {
        quietSince.advanced(by: Limits.linkPingInterval)
      }
    case .idle, .closed: .distantFuture
    }
  }

  // MARK: Output

  package var hasOutgoing: Bool { !outgoing.isEmpty }
  var outgoingCount: Int { outgoing.count }
  var waitingCount: Int { waiting.count }

  /// Moves what waits to be sent behind `output`. From here on it counts as sent, unless the driver says
  /// otherwise when the connection is lost.
  package mutating func takeOutgoing(into output: inout ByteBuffer) {
    if output.isEmpty && output.allocated <= outgoing.allocated {
      swap(&output, &outgoing)
    } else {
      output.append(outgoing.bytes)
    }
    outgoing.removeAll()
    if outgoing.allocated > Limits.linkOutgoingKeptMax { outgoing.release() }
  }
}
