/// Who a client is at Redis.
package struct LinkIdentity: Sendable {
  /// Nil: the default user.
  let user: String?
  let password: String

  /// Nil where a name or a password is no text.
  package init?(user: [UInt8]?, password: [UInt8]) {
    if let user {
      guard let name = String(validating: user, as: UTF8.self) else { return nil }
      self.user = name
    } else {
      self.user = nil
    }
    guard let secret = String(validating: password, as: UTF8.self) else { return nil }
    self.password = secret
  }

  /// The user of a URL; nil if it has no password.
  init?(_ url: RedisURL) {
    guard let password = url.password else { return nil }
    user = url.username
    self.password = password
  }
}
