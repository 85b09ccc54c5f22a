extension RequestOutcome {
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
}
