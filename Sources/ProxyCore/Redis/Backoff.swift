/// How long to wait before the next attempt, so that a server that comes back is not met by all of its
/// clients at the same moment: any time from nothing to a ceiling that doubles with each failure.
package struct Backoff: Sendable {
  /// Attempts that failed since the last success.
  package private(set) var failures = 0
  private var random: UInt64

  /// The seed decides all that follows.
  package init(seed: UInt64 = .random(in: 0...UInt64.max)) { random = seed }

  /// Counts a failure and says how long to wait. At most `longest`.
  package mutating func afterFailure(upTo longest: Duration = Limits.backoffMax) -> Duration {
    let doublings = min(failures, Self.doublingsMax)
    failures = min(failures &+ 1, Int(Int32.max))
    return jitter(upTo: min(Limits.backoffFirstMax * (1 << doublings), longest))
  }

  /// Counts a failure that time alone will not mend, such as a wrong password, and says how long to
  /// wait: from half of `Limits.backoffRefused` to all of it.
  package mutating func afterRefusal() -> Duration {
    failures = min(failures &+ 1, Int(Int32.max))
    return Limits.backoffRefused / 2 + jitter(upTo: Limits.backoffRefused / 2)
  }

  package mutating func reset() { failures = 0 }

  private mutating func jitter(upTo ceiling: Duration) -> Duration {
    let span = max(0, ceiling.clampedNanoseconds)
    return .nanoseconds(Int64(truncatingIfNeeded: next() % (UInt64(span) &+ 1)))
  }

  /// SplitMix64: enough to keep clients apart.
  private mutating func next() -> UInt64 {
    random &+= 0x9E37_79B9_7F4A_7C15
    var mixed = random
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  private static let doublingsMax = 16
}
