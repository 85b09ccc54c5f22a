/// What the driver of a link has to do.
package enum LinkAction: Equatable, Sendable {
  /// Nothing but to send what `takeOutgoing` has.
  case proceed
  /// Resolve the name and connect; the link gives up by itself at its deadline.
  case connect
  /// End the connection or the attempt, if there is one; tell the callers that `removeFailed` names;
  /// `failure` says why. The link wakes up again at its deadline.
  case abandon
  /// The same, and the link is of no more use.
  case close
}
