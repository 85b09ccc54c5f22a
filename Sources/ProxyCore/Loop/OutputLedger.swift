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

  /// A connection, what it has not read, and how many of its loop have something unread.
  struct Largest: Sendable {
    let bytes: Int
    let token: PollToken
    let sharers: Int
  }

  /// What was found on the loops that have been asked.
  private struct Findings {
    var place: Int?
    var bytes = 0
    var sharers = 0
  }

  private func search() {
    if isSearching.exchange(true, ordering: .relaxed) { return }
    ask(0, Findings())
  }

  private func ask(_ place: Int, _ findings: Findings) {
    guard place < loops.count else { return end(findings) }
    let isAsked = loops[place].post { [self] loop in
      var findings = findings
      if let own = loop.largest(of: self) {
        findings.sharers += own.sharers
        if own.bytes > findings.bytes { (findings.place, findings.bytes) = (place, own.bytes) }
      }
      ask(place + 1, findings)
    }
    // A loop that has ended has no connections.
    if !isAsked { ask(place + 1, findings) }
  }

  /// Closes the largest, unless it has gone since, and with it the reason. No largest one has less than an
  /// equal share of all: then others have grown since their loop was asked, and it is asked again.
  private func end(_ findings: Findings) {
    let isPosted = findings.place.map { place in
      loops[place].post { [self] loop in
        let all = bytes
        if all > limit, let own = loop.largest(of: self), own.bytes >= all / findings.sharers {
          loop.closeForOutput(own.token)
        }
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
    var largest: Connection?
    var sharers = 0
    slots.forEach { occupant in
      guard case .connection(let connection) = occupant, connection.ledger === ledger,
        connection.outputCounted > 0
      else { return }
      sharers += 1
      if connection.outputCounted > largest?.outputCounted ?? 0 { largest = connection }
    }
    return largest.map { .init(bytes: $0.outputCounted, token: $0.token, sharers: sharers) }
  }

  /// Closes that connection, unless it has gone. What it was owed is counted no more, so that nobody else
  /// is closed for the same bytes.
  func closeForOutput(_ token: PollToken) {
    guard case .connection(let connection)? = slots.occupant(of: token) else { return }
    connection.closeForOutput()
    connection.uncountOutput()
  }
}
