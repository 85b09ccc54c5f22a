/// The end of a program that is not in a hurry.
extension EventLoop {
  /// Accepts no more clients, but for those that have connected already.
  package func stopListening() {
    slots.forEach { occupant in
      if case .listener(let listener) = occupant { listener.finish(now: now) }
    }
  }

  /// Asks all connections to end as soon as their requests are answered, which includes what the kernel has and
  /// is still unread. Call it again until there is none. O(connections).
  ///
  /// - Returns: How many clients of this loop still have something to come.
  package func askConnectionsToEnd() -> Int {
    // Not while it is looped over: what was asked for may take new connections.
    var connections: [Connection] = []
    slots.forEach { if case .connection(let connection) = $0 { connections.append(connection) } }
    var left = 0
    for connection in connections {
      connection.readBeforeTheEnd(now: now)
      if connection.state == .open { connection.handler?.wasAskedToEnd(connection, now: now) }
      let isOwed = connection.state == .open || connection.state == .flushing
      if isOwed && connection.intake != nil { left += 1 }
    }
    return left
  }
}
