/// How the answer to a fetch came about, for those who tell.
package struct FetchNotes: Equatable, Sendable {
  /// Whether the next one who asks will find it in memory.
  package var isStored = false
  /// Whether another read had asked already.
  package var isCollapsed = false
  /// Where Redis is away, and this is what was known last: how long ago it was fetched.
  package var staleMilliseconds: UInt32?

  package init() {}

  package var isStale: Bool { staleMilliseconds != nil }

  /// What is true of one of those who are answered together.
  func of(_ reader: Reader) -> FetchNotes {
    var notes = self
    if reader.hasJoined { notes.isCollapsed = true }
    return notes
  }
}
