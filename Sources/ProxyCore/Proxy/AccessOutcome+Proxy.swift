extension AccessOutcome {
  /// How a fetch has come about.
  package init(_ notes: FetchNotes) {
    self = notes.isStale ? .stale : notes.isCollapsed ? .joined : .miss
  }
}
