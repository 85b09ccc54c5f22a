internal import ProxyCore

/// Who a client says that it is.
struct Credentials {
  /// Nil: the default user.
  let user: [UInt8]?
  let password: [UInt8]

  /// Whether it is the password that the front asks for.
  func match(_ secret: [UInt8]) -> Bool {
    isFor("default") && SecretComparison.areEqual(password, secret)
  }

  /// Whether they are those that the proxy itself gives to Redis.
  func match(_ url: RedisURL) -> Bool {
    guard let secret = url.password else { return false }
    return isFor(url.username ?? "default")
      && SecretComparison.areEqual(password, Array(secret.utf8))
  }

  private func isFor(_ name: String) -> Bool { user ?? Array("default".utf8) == Array(name.utf8) }
}
