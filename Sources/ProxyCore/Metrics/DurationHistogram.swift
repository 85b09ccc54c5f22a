/// How long things took: how many did up to each of some bounds, and all of it together. A value of a few
/// words, written by its owner alone. O(1) in everything.
package struct DurationHistogram: Sendable {
  /// Upper bounds in nanoseconds, from 5 µs to 10 s; what takes longer comes behind the last.
  package static let bounds: [Int64] = [
    5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
    10_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000, 500_000_000, 1_000_000_000,
    2_000_000_000, 5_000_000_000, 10_000_000_000,
  ]
  /// One more than there are bounds.
  package static let bucketCount = 21

  private var counts = InlineArray<21, UInt64>(repeating: 0)
  /// All durations together; those of thousands that block would fill 64 bits within weeks.
  package private(set) var nanoseconds: UInt128 = 0

  package init() {}

  /// Adds `count` that each took so long. What seems to have ended before it began took no time.
  package mutating func add(nanoseconds duration: Int64, count: UInt64 = 1) {
    let duration = max(0, duration)
    counts[Self.bucket(of: duration)] &+= count
    nanoseconds &+= UInt128(duration) &* UInt128(count)
  }

  /// The first whose bound is not exceeded. Between two powers of two there is one bound at most, so that
  /// the duration's highest bit leaves two buckets to choose from: three bounds a decade are 29 in 32 bits.
  private static func bucket(of duration: Int64) -> Int {
    let bits = 64 &- duration.leadingZeroBitCount
    let lower = min(max(0, ((bits &- 13) &* 29 &+ 27) &>> 5), bounds.count)
    return lower < bounds.count && duration > bounds[lower] ? lower &+ 1 : lower
  }

  /// How many there are in a bucket, and in no bucket before it.
  package subscript(bucket: Int) -> UInt64 { counts[bucket] }

  package var count: UInt64 {
    var sum: UInt64 = 0
    for bucket in 0..<Self.bucketCount { sum &+= counts[bucket] }
    return sum
  }

  package static func += (left: inout DurationHistogram, right: DurationHistogram) {
    for bucket in 0..<bucketCount { left.counts[bucket] &+= right.counts[bucket] }
    left.nanoseconds &+= right.nanoseconds
  }
}
