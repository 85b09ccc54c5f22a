internal import CLinux
internal import Glibc

/// A moment on a clock that only runs forward and also counts the time a machine was suspended, so that
/// nothing outlives its deadline because a laptop or a virtual machine slept.
///
/// Code that needs the time is given it: a loop reads the clock once a turn, a test sets it by hand.
public struct Moment: Comparable, Hashable, Sendable {
  /// Since some start, the same for all of a process.
  public var nanoseconds: Int64

  /// A moment so many nanoseconds after the clock's start.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The present. One call into the kernel's shared page: some 25 ns.
  public static var now: Moment {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return Moment(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// Later than any moment that is reached.
  public static let distantFuture = Moment(nanoseconds: .max)

  /// Whether `left` comes first.
  @inlinable
  public static func < (left: Moment, right: Moment) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The moment `duration` after this one; the distant future where that cannot be said, and never a trap.
  @inlinable
  public func advanced(by duration: Duration) -> Moment {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
    return overflow
      ? (duration < .zero ? Moment(nanoseconds: .min) : .distantFuture) : Moment(nanoseconds: sum)
  }

  /// Whole milliseconds since `earlier`, less than none if it was later.
  @inlinable
  package func milliseconds(since earlier: Moment) -> Int64 {
    nanosecondsSince(earlier) / 1_000_000
  }

  /// How long after `earlier` this is.
  @inlinable
  public func since(_ earlier: Moment) -> Duration {
    .nanoseconds(nanosecondsSince(earlier))
  }

  /// As far as 64 bits can say: a moment far in the past stays there.
  @inlinable
  package func nanosecondsSince(_ earlier: Moment) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (nanoseconds < 0 ? .min : .max) : difference
  }
}
