internal import Synchronization

/// What waits for a group of connections, over all loops, and how much that may be together: answers that they have
/// not read, or requests that they have not finished. From any thread, without a lock.
///
/// Past the limit, the connection with the most on any loop is closed (output) or refused (input). Loops are asked
/// one after the other. If output grows much meanwhile, a loop closes its own largest at once.
///
/// ```
///   over the limit ─▶ loop 0 ─ largest so far ─▶ loop 1 ─▶ … ─▶ the loop that has the largest
/// ```
package final class ClientLedger: Sendable {
  package enum Side: Sendable { case output, input }

  let side: Side
  private let limitNow: Atomic<Int>
  private let loops: [LoopRemote]
  private let sum = Atomic<Int>(0)
  private let closes = Atomic<Int>(0)
  private let isSearching = Atomic<Bool>(false)

  /// For connections of these loops.
  package init(_ side: Side, limit: Int, loops: [LoopRemote]) {
    self.side = side
    limitNow = Atomic(limit)
    self.loops = loops
  }

  package var limit: Int {
    get { limitNow.load(ordering: .relaxed) }
    set { limitNow.store(newValue, ordering: .relaxed) }
  }

  /// Bytes that wait, of all of them.
  package var bytes: Int { sum.load(ordering: .relaxed) }

  /// Connections that were closed because they did not read, or did not finish.
  package var closed: Int { closes.load(ordering: .relaxed) }

  func countClose() { closes.wrappingAdd(1, ordering: .relaxed) }

  /// Less waits. O(1).
  func subtract(_ count: Int) { sum.wrappingSubtract(count, ordering: .relaxed) }

  /// More waits, on this loop. O(1), or O(connections) past the limit.
  func add(_ count: Int, on loop: EventLoop) {
    let all = sum.wrappingAdd(count, ordering: .relaxed).newValue
    if all <= limit { return }
    let excess = limit / Limits.outputExcessShare
    // What is being received is not taken away under its reader.
    if side == .output, all - limit > excess, let largest = loop.largest(of: self),
      largest.bytes > excess
    {
      loop.close(largest.token, becauseOf: side)
    }
    search()
  }

  /// A connection, what it has, and how many of its loop have something.
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
          loop.close(own.token, becauseOf: side)
        }
        isSearching.store(false, ordering: .relaxed)
        if bytes > limit { search() }
      }
    }
    if isPosted != true { isSearching.store(false, ordering: .relaxed) }
  }
}

extension EventLoop {
  /// Who has most of those on this loop that share `ledger`. O(connections).
  func largest(of ledger: ClientLedger) -> ClientLedger.Largest? {
    var largest: Connection?
    var sharers = 0
    slots.forEach { occupant in
      guard case .connection(let connection) = occupant,
        connection.ledger(of: ledger.side) === ledger, connection.counted(ledger.side) > 0
      else { return }
      sharers += 1
      if connection.counted(ledger.side) > largest?.counted(ledger.side) ?? 0 {
        largest = connection
      }
    }
    return largest.map {
      .init(bytes: $0.counted(ledger.side), token: $0.token, sharers: sharers)
    }
  }

  /// Closes the connection (output), or has its handler refuse it (input), if it is still there. Its bytes leave the
  /// sum, so that no other connection is closed for them.
  func close(_ token: PollToken, becauseOf side: ClientLedger.Side) {
    guard case .connection(let connection)? = slots.occupant(of: token) else { return }
    switch side {
    case .output:
      connection.closeForOutput()
      connection.uncountOutput()
    case .input: connection.refuseInput(now: now)
    }
  }
}

extension Connection {
  fileprivate func ledger(of side: ClientLedger.Side) -> ClientLedger? {
    side == .output ? ledger : inputLedger
  }

  fileprivate func counted(_ side: ClientLedger.Side) -> Int {
    side == .output ? outputCounted : inputCounted
  }
}
