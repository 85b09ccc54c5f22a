internal import Synchronization

/// What a group of connections have not read, over all loops, and how much that may be together. From any
/// thread, without a lock.
///
/// Past the limit, whoever has left most unread on any loop is closed. Loops are asked one after the other,
/// while more may come; should that be much, each closes one of its own at once that has much.
///
/// ```
///   over the limit ─▶ loop 0 ─ largest so far ─▶ loop 1 ─▶ … ─▶ the loop that has the largest
/// ```
package final class OutputLedger: Sendable {
  package let limit: Int
  private let loops: [LoopRemote]
  private let sum = Atomic<Int>(0)
  private let closes = Atomic<Int>(0)
  private let isSearching = Atomic<Bool>(false)

  /// For connections of these loops.
  package init(limit: Int, loops: [LoopRemote]) {
    self.limit = limit
    self.loops = loops
  }

  /// Bytes that wait, of all of them.
  package var bytes: Int { sum.load(ordering: .relaxed) }

  /// Connections that were closed because they did not read.
  package var closed: Int { closes.load(ordering: .relaxed) }

  func countClose() { closes.wrappingAdd(1, ordering: .relaxed) }

  /// Less waits. O(1).
  func subtract(_ count: Int) { sum.wrappingSubtract(count, ordering: .relaxed) }

  /// More waits, on this loop. O(1), or O(connections) past the limit.
  func add(_ count: Int, on loop: EventLoop) {
    let all = sum.wrappingAdd(count, ordering: .relaxed).newValue
    if all <= limit { return }
    let excess = limit / Limits.outputExcessShare
    if all - limit > excess, let largest = loop.largest(of: self), largest.bytes > excess {
      loop.closeForOutput(largest.token)
    }
    search()
  }

  /// A connection, and what it has not read.
  struct Largest: Sendable {
    let bytes: Int
    let token: PollToken
  }

  private func search() {
    if isSearching.exchange(true, ordering: .relaxed) { return }
    ask(0, nil)
  }

  private func ask(_ place: Int, _ best: (place: Int, found: Largest)?) {
    guard place < loops.count else { return end(best) }
    let isAsked = loops[place].post { [self] loop in
      if let own = loop.largest(of: self), own.bytes > best?.found.bytes ?? 0 {
        ask(place + 1, (place, own))
      } else {
        ask(place + 1, best)
      }
    }
    // A loop that has ended has no connections.
    if !isAsked { ask(place + 1, best) }
  }

  private func end(_ best: (place: Int, found: Largest)?) {
    let isPosted = best.map { best in
      loops[best.place].post { [self] loop in
        // Whoever had more than that may have gone since, and with it the reason.
        if bytes > limit { loop.closeForOutput(best.found.token) }
        isSearching.store(false, ordering: .relaxed)
        if bytes > limit { search() }
      }
    }
    if isPosted != true { isSearching.store(false, ordering: .relaxed) }
  }
}

extension EventLoop {
  /// Who has left most unread of those on this loop that share `ledger`. O(connections).
  func largest(of ledger: OutputLedger) -> OutputLedger.Largest? {
    var largest: OutputLedger.Largest?
    slots.forEach { occupant in
      guard case .connection(let connection) = occupant, connection.ledger === ledger else {
        return
      }
      if connection.outputCounted > largest?.bytes ?? 0 {
        largest = .init(bytes: connection.outputCounted, token: connection.token)
      }
    }
    return largest
  }

  /// Closes that connection, unless it has gone. What it was owed is counted no more, so that nobody else
  /// is closed for the same bytes.
  func closeForOutput(_ token: PollToken) {
    guard case .connection(let connection)? = slots.occupant(of: token) else { return }
    connection.closeForOutput()
    connection.uncountOutput()
  }
}
