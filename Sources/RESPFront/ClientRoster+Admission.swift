internal import ProxyCore

/// Who is let in.
extension ClientRoster {
  /// Takes a new client in, or tells it why not.
  func admit(_ connection: Connection) -> (any ConnectionHandler)? {
    let admission = worker.proxy.admit(
      connection, by: .resp, isServed: options.serves(connection.peer),
      outputBytesMax: options.outputBytesMax)
    switch admission {
    case .admitted: break
    case .tooMany: return refuse(connection, "ERR max number of clients reached")
    case .stranger: return refuse(connection, RESPOptions.denial)
    }
    let session = RESPSession(id: options.identifiers.next(), options: options, worker: worker)
    session.connection = connection
    join(session)
    return session
  }

  private func refuse(
    _ connection: Connection, _ error: StaticString
  ) -> (any ConnectionHandler)? {
    refusals.refuse(connection, atMost: worker.proxy.refusalsMax) { $0.appendError(error) }
  }
}

extension RESPOptions {
  func serves(_ peer: SocketAddress?) -> Bool {
    ClientAdmission.serves(peer, isProtected: isProtected, hasPassword: password != nil)
  }

  /// It begins with Redis's words; what can be done about it is set here, not there.
  static let denial: StaticString = """
    DENIED Redis is running in protected mode because protected mode is enabled and no password is set \
    for the default user. In this mode connections are only accepted from the loopback interface. \
    This is a proxy before Redis: set its PASSWORD, or PROTECTED_MODE to no if everybody who can reach \
    it may use it, and restart it.
    """
}
