/// The name that a request's owner gives it. Zero is the link's own.
package struct LinkToken: Hashable, Sendable {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  /// Requests that a link sends for itself.
  static let own = LinkToken(0)
}
