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
  /// A piece of what nobody asked for: messages to a subscriber, what MONITOR sees, invalidations of
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

/// What `GET` said.
package enum FilledValue: Equatable, Sendable {
  /// The bytes, which `Link.content` gives.
  case value(FilledContent)
  case absent
  /// So many bytes, over the maximum, and skipped.
  case oversized(Int)
  /// The error's text, which `Link.content` gives.
  case error(FilledContent)
  /// A reply that no `GET` has, skipped.
  case unexpected
}

/// Where bytes of a fill are until the next call.
package enum FilledContent: Equatable, Sendable {
  /// Here in what was shown to the link.
  case shown(Range<Int>)
  /// With the link: something came between the two replies.
  case held
}

/// What `PTTL` said.
package enum KeyLifetime: Equatable, Sendable {
  case milliseconds(Int)
  case unlimited
  /// There is no such key (any more).
  case gone
  /// It was refused.
  case unknown
}

/// A part of a reply on its way through.
package struct LinkPiece: Equatable, Sendable {
  /// Whose it is; the link's own where nobody asked for it.
  package let token: LinkToken
  package let bytes: Range<Int>
  /// Whether a reply begins with it.
  package let isFirst: Bool
  /// Whether the reply ends with it.
  package let isLast: Bool
  /// Whether the request ends with it: a subscription to several channels has several replies.
  package let endsRequest: Bool
}

/// What the driver of a link has to do.
package enum LinkAction: Equatable, Sendable {
  /// Nothing but to send what `takeOutgoing` has.
  case proceed
  /// Resolve the name and connect; the link gives up by itself at its deadline.
  case connect
  /// End the connection or the attempt, if there is one; tell those whom `removeFailed` names;
  /// `failure` says why. The link wakes up again at its deadline.
  case abandon
  /// The same, and the link is of no more use.
  case close
}
