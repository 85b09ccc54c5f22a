extension Proxy {
  /// Has requests written down from now on, or not any more. When it returns, nothing is added to the former
  /// log. Not from a loop.
  package func setAccessLog(_ log: AccessLog?) {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { _ in seat.lane?.setAccessLog(log) }
    }
  }
}

extension Lane {
  func setAccessLog(_ log: AccessLog?) {
    accessLog = log
    logsAccess = log != nil
  }

  /// Writes a request of this lane's down.
  package func writeDown(_ record: AccessRecord) { accessLog?.add(record, lane: index) }
}
