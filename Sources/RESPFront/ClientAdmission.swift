internal import ProxyCore

/// Who is let in.
extension ClientRoster {
  /// Takes a new client in, or tells it why not.
  func admit(_ connection: Connection) -> (any ConnectionHandler)? {
    connection.outputBytesMax = options.outputBytesMax
    let quota = lane.proxy.clients
    guard quota.admit(.resp) else {
      lane.proxy.tell(.tooMany(connection.peer, limit: quota.limit))
      return refuse(connection, "ERR max number of clients reached")
    }
    guard options.serves(connection.peer) else {
      quota.leave(.resp)
      quota.countRejection()
      lane.proxy.tell(.stranger(connection.peer))
      return refuse(connection, RESPOptions.denial)
    }
    connection.ledger = lane.proxy.clientOutput
    connection.inputLedger = lane.proxy.clientInput
    let session = RESPSession(id: options.identifiers.next(), options: options, lane: lane)
    session.connection = connection
    join(session)
    return session
  }

  private func refuse(
    _ connection: Connection, _ error: StaticString
  ) -> (any ConnectionHandler)? {
    refusals.refuse(connection, atMost: lane.proxy.refusalsMax) { $0.appendError(error) }
  }
}

extension RESPOptions {
  /// Whether somebody from there may be served: as at Redis, only this machine while there is no
  /// password.
  func serves(_ peer: SocketAddress?) -> Bool {
    !isProtected || password != nil || peer?.isLoopback == true
  }

  /// It begins with Redis's words; what can be done about it is set here, not there.
  static let denial: StaticString = """
    DENIED Redis is running in protected mode because protected mode is enabled and no password is set \
    for the default user. In this mode connections are only accepted from the loopback interface. \
    This is a proxy before Redis: set its PASSWORD, or PROTECTED_MODE to no if everybody who can reach \
    it may use it, and restart it.
    """
}
