internal import HTTP
internal import ProxyCore

/// What a connection is waited for, and since when. The hot path only notes the time: a timer that
/// fires too early looks again.
struct Watch {
  enum Phase {
    /// The first byte of a request, or the end of what is sent.
    case idle
    /// The rest of a head.
    case head
    /// Bytes of a body.
    case body
    /// Redis, or the limiter.
    case redis
    /// Bytes of a large value, on their way to the client.
    case delivery
  }

  var phase = Phase.idle
  var since: Moment
  /// How many bytes of a body came since then.
  var bodyBytes = 0
  /// When the timer fires.
  var timerMoment = Moment.distantFuture

  init(since: Moment) { self.since = since }
}
