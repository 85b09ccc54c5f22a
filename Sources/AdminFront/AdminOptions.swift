internal import HTTP
internal import ProxyCore

/// What an operator decides about the admin listener, and what is told there of the program.
package struct AdminOptions: Sendable {
  /// Names by which it is known beside its addresses and `localhost`.
  package var hostNames: [String] = []
  package var version = ""
  /// Who comes past it is turned away.
  package var connectionsMax = Limits.adminConnectionsMax
  /// For how long a loop that says nothing is waited for.
  package var patience = Limits.adminPatience

  package init() {}
}
