/// What a link makes of the bytes that it is shown, one thing at a time and in the order in which they
/// stand in the stream. Ranges are places in those bytes.
package enum LinkEvent: Equatable, Sendable {
  /// Nothing more can be told until so many bytes follow those that were taken.
  case needsMore(atLeast: Int)
  /// The greeting is over: `server` says what it taught.
  case ready
  /// This key has changed. Comes before all replies that Redis sent after it.
  case invalidated(key: Range<Int>)
  /// All keys have changed.
  case invalidatedAll
  /// Both replies of a fill.
  case filled(LinkToken, FilledValue, KeyLifetime)
  /// A piece of a relayed reply.
  case piece(LinkPiece)
  /// A piece of what came unasked: messages to a subscriber, what MONITOR sees, invalidations of
  /// a client that tracks. Pinned links only; others drop it.
  case unasked(LinkPiece)
  /// `takeTree` has the reply, or why there is no tree of it.
  case tree(LinkToken)
  /// A reply that is discarded has come.
  case answered(LinkToken, isError: Bool)
  /// A draining link has answered everything and can be ended.
  case drained
  /// The peer cannot be understood: end the connection; `failure` says why.
  case lost
}
