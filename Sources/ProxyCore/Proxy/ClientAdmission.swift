/// Whether a client is let in. Every front asks this.
package enum ClientAdmission: Sendable {
  /// `ClientQuota.leave` is owed for it.
  case admitted
  /// The client isn't on this machine, and no password protects what is served.
  case stranger
  case tooMany

  /// Whether a client at `peer` may be served: like Redis, only clients of this machine while protected mode is on
  /// and there is no password.
  package static func serves(_ peer: SocketAddress?, isProtected: Bool, hasPassword: Bool) -> Bool {
    !isProtected || hasPassword || peer?.isLoopback == true
  }
}

extension Proxy {
  /// Admits a client and bounds what it may leave unread or unfinished, or counts and reports the rejection. A
  /// stranger hears that it is one even when the proxy is full.
  package func admit(
    _ connection: Connection, by front: ClientFront, isServed: Bool, outputBytesMax: Int
  ) -> ClientAdmission {
    guard isServed else {
      clients.countRejection()
      tell(.stranger(connection.peer))
      return .stranger
    }
    guard clients.admit(front) else {
      tell(.tooMany(connection.peer, limit: clients.limit))
      return .tooMany
    }
    connection.outputBytesMax = outputBytesMax
    connection.ledger = clientOutput
    connection.inputLedger = clientInput
    return .admitted
  }
}
