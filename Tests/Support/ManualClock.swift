public import ProxyCore
private import Synchronization

/// Time that stands still until a test moves it.
public final class ManualClock: Sendable {
  private let nanoseconds: Atomic<Int64>

  /// A clock that shows `start`.
  public init(start: Moment = Moment(nanoseconds: 0)) {
    nanoseconds = Atomic(start.nanoseconds)
  }

  /// What it shows.
  public var now: Moment { Moment(nanoseconds: nanoseconds.load(ordering: .acquiring)) }

  /// Moves it forward. A clock never runs backward, so neither does this one.
  public func advance(by duration: Duration) {
    precondition(duration >= .zero, "a clock does not run backward")
    let (seconds, attoseconds) = duration.components
    nanoseconds.add(
      seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .acquiringAndReleasing)
  }
}
