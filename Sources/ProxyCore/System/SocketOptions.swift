internal import CLinux
internal import Glibc

/// What TCP is told about a connection: how soon small segments leave and how a dead peer is found.
package struct SocketOptions: Sendable {
  package var keepaliveSeconds: Int32 = Limits.keepaliveSeconds
  /// How long sent bytes may stay unacknowledged, or unsent because the peer reads nothing; 0 leaves it to
  /// the kernel.
  package var userTimeoutMilliseconds: Int32 = Limits.userTimeoutMilliseconds

  package init() {}

  /// What those are given who come to a listener.
  package static var forClients: SocketOptions {
    var options = SocketOptions()
    options.userTimeoutMilliseconds = Limits.clientUserTimeoutMilliseconds
    return options
  }
}
