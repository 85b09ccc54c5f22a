/// How far a link is.
package enum LinkState: String, CaseIterable, Sendable {
  /// On its way, or greeting.
  case connecting
  /// Takes requests; a client's own is with its client.
  case ready
  /// Waits for its next attempt.
  case resting
  /// In the pool, or nothing was asked of it yet.
  case idle
  /// On its way back to the pool, or to its end.
  case leaving
}
