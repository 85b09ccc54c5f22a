internal import ProxyCore

/// What a client is owed, in the order in which it asked: replies that have not come keep those that
/// have, behind them, waiting here.
///
///     slot: [came early][rest still at Redis] tail: [local replies after it]   slot: …
///
/// The first slot's reply is written to the client as it comes. O(1) a reply, in a ring that is used
/// again; bytes are only kept for slots that must wait for another.
struct ReplyQueue: ~Copyable {
  /// A reply that has not come, or not all of it.
  private struct ReplySlot {
    /// Until the end of the request.
    var journey: Journey?
    var isDropped = false
    /// When the request was received.
    var start = Moment.distantFuture
    var kept: Kept?
    var entry = RequestLedger.LedgerEntry()
  }

  /// Bytes that wait for another reply.
  private final class Kept {
    var early: [UInt8] = []
    var tail: [UInt8] = []
  }

  /// A request whose reply has come.
  struct Ended {
    let journey: Journey
    /// When it was received.
    let start: Moment
    let entry: RequestLedger.LedgerEntry
  }

  private(set) var count = 0
  /// Bytes that wait here for a reply before them.
  private(set) var buffered = 0
  private var ring: [ReplySlot] = []
  private var head = 0
  /// The ticket of the slot at `head`.
  private var first: UInt64 = 1

  var isEmpty: Bool { count == 0 }
  /// The next one that will be given.
  var nextTicket: UInt64 { first &+ UInt64(count) }

  /// A place for the reply to the next request. Its ticket is never used again.
  mutating func add(_ journey: Journey, since start: Moment, isDropped: Bool) -> UInt64 {
    if count == ring.count { grow() }
    let place = place(at: count)
    ring[place].journey = journey
    ring[place].isDropped = isDropped
    ring[place].start = start
    ring[place].entry = RequestLedger.LedgerEntry()
    defer { count += 1 }
    return nextTicket
  }

  /// Where the request of this ticket is written down, until its end.
  mutating func note(_ entry: RequestLedger.LedgerEntry, of ticket: UInt64) {
    if let place = place(of: ticket) { ring[place].entry = entry }
  }

  /// The same of the first request that is under way.
  var firstEntry: RequestLedger.LedgerEntry {
    isEmpty ? RequestLedger.LedgerEntry() : ring[head].entry
  }

  func hasEnded(_ ticket: UInt64) -> Bool {
    guard let place = place(of: ticket) else { return true }
    return ring[place].journey == nil
  }

  /// The request of this ticket, until its end.
  func journey(of ticket: UInt64) -> Journey? { place(of: ticket).flatMap { ring[$0].journey } }

  /// The fetches that have not come.
  var reads: [UInt64] {
    (0..<count).compactMap { ring[place(at: $0)].journey?.read }.filter { $0 != 0 }
  }

  private func place(at index: Int) -> Int { (head &+ index) & (ring.count &- 1) }

  private func place(of ticket: UInt64) -> Int? {
    guard ticket >= first, ticket &- first < UInt64(count) else { return nil }
    return place(at: Int(ticket &- first))
  }

  /// Writes this reply even if the client's replies are dropped, until `drop`.
  mutating func keep(_ ticket: UInt64) { setDropped(ticket, false) }
  mutating func drop(_ ticket: UInt64) { setDropped(ticket, true) }

  private mutating func setDropped(_ ticket: UInt64, _ isDropped: Bool) {
    if let place = place(of: ticket) { ring[place].isDropped = isDropped }
  }

  /// Drops what waits and what is still to come: the client is gone.
  mutating func dropAll() {
    for index in 0..<count {
      ring[place(at: index)].isDropped = true
      ring[place(at: index)].kept = nil
    }
    buffered = 0
  }

  /// Whether the reply of this ticket is the next one to be written.
  func isNext(_ ticket: UInt64) -> Bool { count > 0 && ticket == first }

  /// Adds to a reply.
  mutating func append(_ piece: RawSpan, to ticket: UInt64, _ output: OutputBuffer) {
    guard let place = place(of: ticket), !ring[place].isDropped else { return }
    if place == head { return output.bytes.append(piece) }
    kept(place).early.append(piece)
    buffered += piece.byteCount
  }

  /// A local reply, behind all that the client waits for. Only where that is something.
  mutating func appendTail(_ bytes: RawSpan) {
    guard !isEmpty else { return }
    kept(place(at: count - 1)).tail.append(bytes)
    buffered += bytes.byteCount
  }

  /// What came unasked, behind what has come of the reply to a ticket.
  mutating func appendUnasked(_ piece: RawSpan, after ticket: UInt64, _ output: OutputBuffer) {
    guard let place = place(of: ticket), place != head else { return output.bytes.append(piece) }
    let hasEnded = ring[place].journey == nil
    if hasEnded { kept(place).tail.append(piece) } else { kept(place).early.append(piece) }
    buffered += piece.byteCount
  }

  private mutating func kept(_ place: Int) -> Kept {
    if let kept = ring[place].kept { return kept }
    let kept = Kept()
    ring[place].kept = kept
    return kept
  }

  /// The reply has come to its end; what waited for it is written. Nil where it had ended before.
  mutating func finish(_ ticket: UInt64, _ output: OutputBuffer) -> Ended? {
    guard let place = place(of: ticket), let journey = ring[place].journey.take() else {
      return nil
    }
    let ended = Ended(journey: journey, start: ring[place].start, entry: ring[place].entry)
    while count > 0 && ring[head].journey == nil {
      if let kept = ring[head].kept.take() { write(kept.tail, output) }
      head = self.place(at: 1)
      first &+= 1
      count -= 1
      if count == 0 { break }
      if let kept = ring[head].kept {
        write(kept.early, output)
        kept.early = []
      }
    }
    if count == 0 && ring.count > Limits.sessionSlotsKeptMax { ring = [] }
    return ended
  }

  private mutating func write(_ bytes: [UInt8], _ output: OutputBuffer) {
    if bytes.isEmpty { return }
    output.bytes.append(bytes)
    buffered -= bytes.count
  }

  private mutating func grow() {
    var larger: [ReplySlot] = []
    larger.reserveCapacity(max(8, ring.count * 2))
    for index in 0..<count { larger.append(ring[place(at: index)]) }
    while larger.count < max(8, ring.count * 2) { larger.append(ReplySlot()) }
    ring = larger
    head = 0
  }
}
