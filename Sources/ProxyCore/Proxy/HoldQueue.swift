/// Holds in the order in which they end, which is that in which they began.
struct HoldQueue {
  private var holds: [Hold] = []
  private var first = 0

  var isEmpty: Bool { count == 0 }
  var count: Int { holds.count - first }
  var nextDeadline: Moment? { isEmpty ? nil : holds[first].until }

  mutating func append(_ hold: Hold) { holds.append(hold) }

  mutating func removeDue(at moment: Moment) -> Hold? {
    guard !isEmpty, holds[first].until <= moment else { return nil }
    let hold = holds[first]
    first += 1
    if first * 2 > holds.count {
      holds.removeFirst(first)
      first = 0
    }
    return hold
  }
}

extension HoldQueue {
  /// The keys of a write of unknown outcome.
  struct Hold {
    var until: Moment
    var intents: HeldIntents
    /// Whether it may replace the whole data set.
    let replaces: Bool
  }
}
