/// A request that ended without a reply.
package struct FailedRequest: Equatable, Sendable {
  package let token: LinkToken
  package let delivery: LinkDelivery
  /// Whether any of its bytes may have reached the server. If not, its owner may send it again.
  package let wasSent: Bool
}
