internal import ProxyCore

/// Since when a client is there and what it did last: what lists of clients show beside its state.
struct ClientPresence {
  /// When it was last heard, or answered after Redis had taken its time.
  var lastHeard: Moment
  var command = LatestCommand.none
  /// When it has come.
  let since: Moment
  /// Whether it has shut its sending side: what it has sent may still be unread.
  var hasHungUp = false
  /// Whether it has been told its last word: only its connection is left, until it closes its side too.
  var hasDeparted = false

  init(now: Moment) {
    since = now
    lastHeard = now
  }
}
