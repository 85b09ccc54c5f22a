extension Proxy {
  /// Has requests written down from now on, or not any more. When it returns, nothing is added to the former
  /// log. Not from a loop.
  package func setAccessLog(_ log: AccessLog?) {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { _ in seat.lane?.accessLog = log }
    }
  }
}

extension Lane {
  /// Writes a request of this lane's down.
  package func writeDown(_ record: AccessRecord) { accessLog?.add(record, lane: index) }
}
