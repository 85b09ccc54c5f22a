/// What became of a client's request, in the words of the metrics.
package enum RequestOutcome: UInt8, CaseIterable, Sendable {
  /// Answered from memory.
  case hit
  /// Fetched from Redis.
  case miss
  /// Answered with what another request had Redis asked for.
  case joined
  /// Answered with what was known last, because Redis is away.
  case stale
  /// Answered by Redis.
  case passed
  /// The same, but the command may wait for others as long as it likes.
  case blocked
  /// Answered by the proxy itself.
  case local
  /// Turned away by a limit of the proxy's.
  case refused
  /// Not answered by Redis: it is away, or was late.
  case error

  var place: Int { Int(rawValue) }
}
