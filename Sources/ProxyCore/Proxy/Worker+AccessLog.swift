extension Proxy {
  /// Has requests written down from now on, or not any more. When it returns, nothing is added to the former
  /// log. Not from a loop.
  package func setAccessLog(_ log: AccessLog?) {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { _ in seat.worker?.accessLog = log }
    }
  }
}

extension Worker {
  /// Writes a request of this worker's down.
  package func writeDown(_ record: AccessRecord) { accessLog?.add(record, worker: index) }
}
