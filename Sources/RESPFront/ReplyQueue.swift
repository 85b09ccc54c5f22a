internal import ProxyCore

/// What a client is owed, in the order in which it asked: replies that have not come keep those that
/// have, behind them, waiting here.
///
///     slot: [came early][rest still at Redis] tail: [local replies after it]   slot: …
///
/// The first slot's reply is written to the client as it comes. O(1) a reply.
struct ReplyQueue {
  /// A reply that has not come, or not all of it.
  private struct Slot {
    var early: [UInt8] = []
    var tail: [UInt8] = []
    var isDone = false
    let isDropped: Bool
    /// Until the end of the request.
    var journey: Journey?
  }

  private var slots: [Slot] = []
  private var head = 0
  /// The ticket of the slot at `head`.
  private var first: UInt64 = 1
  /// Bytes that wait here for a reply before them.
  private(set) var buffered = 0

  var isEmpty: Bool { head == slots.count }
  var count: Int { slots.count - head }

  /// A place for the reply to the next request. Its ticket is never used again.
  mutating func add(_ journey: Journey, isDropped: Bool) -> UInt64 {
    slots.append(Slot(isDropped: isDropped, journey: journey))
    return first &+ UInt64(slots.count - head - 1)
  }

  /// Whether the slot of this ticket is the one that the client hears now.
  func isFirst(_ ticket: UInt64) -> Bool { ticket == first && !isEmpty }

  /// The request of this ticket, until its end.
  func journey(of ticket: UInt64) -> Journey? { place(of: ticket).flatMap { slots[$0].journey } }

  private func place(of ticket: UInt64) -> Int? {
    guard ticket >= first, ticket &- first < UInt64(count) else { return nil }
    return head + Int(ticket &- first)
  }

  /// Adds to a reply.
  mutating func append(_ piece: RawSpan, to ticket: UInt64, _ output: OutputBuffer) {
    guard let place = place(of: ticket), !slots[place].isDropped else { return }
    if place == head {
      output.bytes.append(piece)
    } else {
      slots[place].early.append(piece)
      buffered += piece.byteCount
    }
  }

  /// A local reply, behind all that the client waits for. Only where that is something.
  mutating func appendTail(_ bytes: RawSpan) {
    guard !isEmpty else { return }
    slots[slots.count - 1].tail.append(bytes)
    buffered += bytes.byteCount
  }

  /// The reply has come to its end; what waited for it is written. Nil where it had ended before.
  mutating func finish(_ ticket: UInt64, _ output: OutputBuffer) -> Journey? {
    guard let place = place(of: ticket), !slots[place].isDone else { return nil }
    slots[place].isDone = true
    let journey = slots[place].journey.take()
    while !isEmpty && slots[head].isDone {
      write(slots[head].tail, output)
      slots[head].tail = []
      head += 1
      first &+= 1
      if isEmpty { break }
      write(slots[head].early, output)
      slots[head].early = []
    }
    trim()
    return journey
  }

  private mutating func write(_ bytes: [UInt8], _ output: OutputBuffer) {
    if bytes.isEmpty { return }
    output.bytes.append(bytes)
    buffered -= bytes.count
  }

  private mutating func trim() {
    if isEmpty {
      slots.removeAll(keepingCapacity: slots.capacity <= Limits.sessionSlotsKeptMax)
      head = 0
    } else if head >= 64 && head * 2 >= slots.count {
      slots.removeFirst(head)
      head = 0
    }
  }
}
