/// What a worker counts of its clients' requests. It belongs to its loop alone: no lock, nothing shared, and
/// others are given a copy.
///
/// A hit reads no clock. It is noted, and when the loop's turn ends, whose moments the loop knows anyway,
/// all that was answered in that turn is said to have taken as long as the turn did: until its answers were
/// sent, which is the longest that any of them may have taken. What was answered in a later turn than it
/// was received in took from the one turn's beginning to the other's.
package struct WorkerMeter: Sendable {
  private static let outcomes = 9
  private static let requests = 18

  /// By front, and by outcome within.
  private var durations = InlineArray<18, DurationHistogram>(repeating: DurationHistogram())
  /// From when a link was given something until Redis began to answer it, by the kind of link.
  private var trips = InlineArray<4, DurationHistogram>(repeating: DurationHistogram())
  /// What was answered in the turn at hand, and which places of it are not 0.
  private var noted = InlineArray<18, UInt32>(repeating: 0)
  private var marks: UInt32 = 0

  package init() {}

  // MARK: Writing

  /// Requests were answered in the turn in which they were received. O(1), a few instructions.
  package mutating func note(
    _ front: ClientFront, _ outcome: RequestOutcome, count: UInt32 = 1
  ) {
    let place = Self.place(front, outcome)
    noted[place] &+= count
    marks |= 1 &<< UInt32(truncatingIfNeeded: place)
  }

  /// A request was answered that was received in a turn that began at `start`, or waits since then.
  package mutating func record(
    _ front: ClientFront, _ outcome: RequestOutcome, since start: Moment, now: Moment
  ) {
    if start >= now { return note(front, outcome) }
    durations[Self.place(front, outcome)].add(nanoseconds: now.nanosecondsSince(start))
  }

  /// Redis has answered what a link was given at `start`.
  mutating func recordTrip(_ kind: LinkKind, since start: Moment, now: Moment) {
    trips[kind.place].add(nanoseconds: now.nanosecondsSince(start))
  }

  /// The turn has ended in which something was noted.
  mutating func turnEnded(nanoseconds: Int64) {
    var left = marks
    while left != 0 {
      let place = left.trailingZeroBitCount
      left &= left &- 1
      durations[place].add(nanoseconds: nanoseconds, count: UInt64(noted[place]))
      noted[place] = 0
    }
    marks = 0
  }

  // MARK: Reading

  /// How long requests took that came by this door and ended so.
  package func durations(
    _ front: ClientFront, _ outcome: RequestOutcome
  ) -> DurationHistogram {
    durations[Self.place(front, outcome)]
  }

  /// How long Redis took over links of this kind.
  package func trips(_ kind: LinkKind) -> DurationHistogram { trips[kind.place] }

  package static func += (left: inout WorkerMeter, right: WorkerMeter) {
    for place in 0..<requests { left.durations[place] += right.durations[place] }
    for kind in LinkKind.allCases { left.trips[kind.place] += right.trips[kind.place] }
  }

  private static func place(_ front: ClientFront, _ outcome: RequestOutcome) -> Int {
    front == .resp ? outcome.place : outcomes &+ outcome.place
  }
}
