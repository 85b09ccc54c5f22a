internal import HTTP
internal import ProxyCore

extension CacheOutcome {
  /// How a fetch has come about.
  init(_ notes: FetchNotes) {
    self =
      if let age = notes.staleMilliseconds {
        .stale(age: Int(age / 1_000))
      } else {
        .fetched(stored: notes.isStored, collapsed: notes.isCollapsed)
      }
  }
}
