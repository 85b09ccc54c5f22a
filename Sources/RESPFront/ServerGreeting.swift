/// What `HELLO` says of the server.
package struct ServerGreeting: Sendable {
  /// Of the Redis that is stood for: clients choose by it what they dare to use.
  package var version: [UInt8]
  var isReplica = false

  /// A greeting with a version such as `7.0.15`.
  package init(version: String) { self.version = Array(version.utf8) }
}
