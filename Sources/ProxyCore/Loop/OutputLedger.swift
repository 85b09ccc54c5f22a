internal import Synchronization

/// What a group of connections have not read, over all loops, and how much that may be together. From any
/// thread, without a lock, O(1).
package final class OutputLedger: Sendable {
  package let limit: Int
  private let sum = Atomic<Int>(0)
  private let closes = Atomic<Int>(0)

  package init(limit: Int) { self.limit = limit }

  /// Bytes that wait, of all of them.
  package var bytes: Int { sum.load(ordering: .relaxed) }

  /// Connections that were closed because they did not read.
  package var closed: Int { closes.load(ordering: .relaxed) }

  /// Whether more waits than may.
  func change(by step: Int) -> Bool {
    sum.wrappingAdd(step, ordering: .relaxed).newValue > limit
  }

  func countClose() { closes.wrappingAdd(1, ordering: .relaxed) }
}

extension EventLoop {
  /// Closes whoever has left most unread of those on this loop who share `ledger`. O(connections), and each
  /// time there is one less.
  func closeLargest(of ledger: OutputLedger) {
    var largest: Connection?
    slots.forEach { occupant in
      guard case .connection(let connection) = occupant, connection.ledger === ledger else {
        return
      }
      if connection.outputCounted > largest?.outputCounted ?? 0 { largest = connection }
    }
    largest?.closeForOutput()
    // At once, so that nobody else is closed for the same bytes.
    largest?.uncountOutput()
  }
}
