/// Where in its reply a piece lies.
package struct ReplyPlace: Equatable, Sendable {
  package let isFirst: Bool
  /// Whether a reply ends with it.
  package let isLast: Bool
  /// Whether the request is answered with it: some have several replies.
  package let endsRequest: Bool
}
