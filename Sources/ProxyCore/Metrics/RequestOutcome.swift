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

  /// What a failure counts as.
  package init(_ error: ProxyError) {
    switch error {
    case .limiter, .pinnedLimit, .readLimit, .requestTooLarge: self = .refused
    case .redis: self = .error
    case .needsConnection: self = .local
    }
  }

  /// What a fetch counts as, unless it failed.
  package init(_ notes: FetchNotes) {
    self = notes.isStale ? .stale : notes.isCollapsed ? .joined : .miss
  }

  /// What a fetch counts as.
  package init(_ outcome: FetchOutcome, _ notes: FetchNotes) {
    if case .failed(let error) = outcome { self.init(error) } else { self.init(notes) }
  }

  var place: Int { Int(rawValue) }
}
