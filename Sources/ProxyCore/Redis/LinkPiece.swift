/// A part of a reply on its way through.
package struct LinkPiece: Equatable, Sendable {
  /// Whose it is; the link's own if it came unasked.
  package let token: LinkToken
  package let bytes: Range<Int>
  /// Whether a reply begins with it.
  package let isFirst: Bool
  /// Whether the reply ends with it.
  package let isLast: Bool
  /// Whether the request ends with it: a subscription to several channels has several replies.
  package let endsRequest: Bool
}
