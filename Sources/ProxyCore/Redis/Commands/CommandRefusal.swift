/// Why a command is not passed on.
package enum CommandRefusal: UInt8, Hashable, Sendable {
  case replication
  case debugger

  /// The error to answer with, its code first.
  package var message: StaticString {
    switch self {
    case .replication:
      "ERR replication does not pass through this proxy: connect the replica, or redis-cli, to Redis itself"
    case .debugger:
      "ERR the script debugger does not pass through this proxy: connect to Redis itself"
    }
  }
}
