/// The waiters of the requests in flight, in the order in which they were sent and are mostly
/// answered. O(1) each way, without allocation but for doublings.
struct WaiterRing: ~Copyable {
  private struct RingEntry {
    var waiter = ReplyWaiter.gone
    var isAnswered = false
    /// When the loop took it on.
    var begun = Moment(nanoseconds: 0)
  }

  private var entries: [RingEntry] = []
  /// The number of the oldest request without a reply.
  private(set) var first: UInt64 = 0
  /// The number that the next request will have.
  private(set) var next: UInt64 = 0

  var count: Int { Int(truncatingIfNeeded: next &- first) }
  var isEmpty: Bool { next == first }

  /// Gives the next number to a request.
  mutating func append(_ waiter: consuming ReplyWaiter, now: Moment) {
    if count == entries.count { grow() }
    entries[place(of: next)] = RingEntry(waiter: waiter, begun: now)
    next &+= 1
  }

  /// Takes out who waits for a reply that has come, or never will. Nil where that is no request in
  /// flight.
  mutating func end(_ number: UInt64) -> ReplyWaiter? {
    guard number >= first && number < next else { return nil }
    let place = place(of: number)
    if entries[place].isAnswered { return nil }
    entries[place].isAnswered = true
    let waiter = Self.take(&entries[place].waiter)
    while first != next && entries[self.place(of: first)].isAnswered { first &+= 1 }
    if isEmpty && entries.count > Limits.redisClientRequestsKeptMax { entries = [] }
    return waiter
  }

  /// Takes out who gave up. The request stays until its reply comes.
  mutating func abandon(_ number: UInt64) -> ReplyWaiter {
    guard number >= first && number < next else { return .gone }
    return Self.take(&entries[place(of: number)].waiter)
  }

  /// When the request with this number, which is in flight, was taken on.
  func begun(_ number: UInt64) -> Moment { entries[place(of: number)].begun }

  private static func take(_ waiter: inout ReplyWaiter) -> ReplyWaiter {
    let taken = waiter
    waiter = .gone
    return taken
  }

  private func place(of number: UInt64) -> Int {
    Int(truncatingIfNeeded: number) & (entries.count &- 1)
  }

  private mutating func grow() {
    var larger = [RingEntry](repeating: RingEntry(), count: max(64, entries.count &* 2))
    for number in first..<next {
      larger[Int(truncatingIfNeeded: number) & (larger.count &- 1)] = entries[place(of: number)]
    }
    entries = larger
  }
}
