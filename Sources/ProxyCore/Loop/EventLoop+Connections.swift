internal import Glibc
internal import Synchronization

/// How connections come to a loop, and how they go.
extension EventLoop {
  /// Takes over a connected, non-blocking descriptor. A nil handler closes it again.
  @discardableResult
  package func adopt(
    _ descriptor: consuming FileDescriptor, peer: SocketAddress?,
    handler: (Connection) -> (any ConnectionHandler)?
  ) throws(SystemError) -> Connection? {
    let connection = Connection(loop: self, descriptor: descriptor, peer: peer, state: .open)
    guard let handler = handler(connection) else {
      connection.state = .closed
      keep(connection)
      return nil
    }
    try register(connection, handler)
    return connection
  }

  /// Sets out for `address`. The handler hears `connected`, or `closed` if that fails or has not
  /// happened by the deadline. What is appended meanwhile is sent on arrival.
  @discardableResult
  package func connect(
    to address: SocketAddress, deadline: Moment, options: SocketOptions = SocketOptions(),
    handler: any ConnectionHandler
  ) throws(SystemError) -> Connection {
    let descriptor = try FileDescriptor.connecting(to: address, options: options)
    let connection = Connection(
      loop: self, descriptor: descriptor, peer: address, state: .connecting)
    try register(connection, handler)
    connection.timer = schedule(at: deadline, connection, token: 0)
    return connection
  }

  private func register(
    _ connection: Connection, _ handler: any ConnectionHandler
  ) throws(SystemError) {
    if isShutDown {
      connection.state = .closed
      keep(connection)
      throw SystemError("epoll_ctl", code: ESHUTDOWN)
    }
    connection.handler = handler
    connection.token = slots.insert(.connection(connection))
    do throws(SystemError) {
      try poller.add(connection.descriptor, connection.token, for: .connection)
    } catch {
      slots.remove(connection.token)
      connection.handler = nil
      connection.state = .closed
      keep(connection)
      throw error
    }
    counters.connections.wrappingAdd(1, ordering: .relaxed)
  }

  /// The close phase, for one connection. The kernel forgets the registration with the descriptor.
  func finish(_ connection: Connection) {
    assert(connection.state == .closing, "only what waits for its end is ended")
    slots.remove(connection.token)
    connection.descriptor.close()
    connection.cancelTimer()
    connection.releaseOutput()
    connection.uncountOutput()
    connection.settleInput(holding: 0)
    connection.releaseInput()
    connection.state = .closed
    keep(connection)
    counters.connections.wrappingSubtract(1, ordering: .relaxed)
    switch connection.closeReason {
    case .inputLimit: counters.inputLimitCloses.wrappingAdd(1, ordering: .relaxed)
    case .outputLimit:
      counters.outputLimitCloses.wrappingAdd(1, ordering: .relaxed)
      connection.ledger?.countClose()
    case .requested, .failed, .connectFailed, .connectTimedOut, .loopStopped: break
    }
    connection.intake?.release()
    let handler = connection.handler
    connection.handler = nil
    handler?.closed(connection, because: connection.closeReason, now: now)
  }
}
