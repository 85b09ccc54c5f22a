/// What does not change about a link.
package struct LinkProfile: Sendable {
  package let role: LinkRole
  /// The server, the user and the database.
  package var url: RedisURL
  /// What Redis shows this link as, in `CLIENT LIST`; without spaces.
  package var name = "proxyd"
  /// From the first step to the end of the greeting.
  package var connectTimeout = Duration.seconds(1)
  /// The identity to use if Redis refuses the URL's.
  var fallback: LinkIdentity?
  /// Whether a fill link asks for invalidations.
  package var tracks = true
  /// A longer value of a fill is skipped.
  package var valueBytesMax = 1024 * 1024
  /// A longer reply is not built as a tree.
  package var treeBytesMax = Limits.replyTreeBytesMax

  package init(role: LinkRole, url: RedisURL) {
    self.role = role
    self.url = url
  }

  func error(_ reason: RedisError.Reason) -> RedisError {
    RedisError(server: url.server, reason: reason)
  }
}
