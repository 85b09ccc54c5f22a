internal import Glibc
internal import Synchronization

/// The latest requests that took long, from when they were received until their reply was whole: what
/// `SLOWLOG` is to Redis. Shared by all loops, behind a lock that only slow requests and those who ask take.
package final class SlowLog: Sendable {
  /// A request that took long.
  package struct SlowRequest: Sendable {
    /// Numbers are never used again, not even after the log was emptied.
    package let number: Int
    package let unixSeconds: Int
    package let microseconds: Int
    /// The request as an array of RESP, cut to a readable length.
    package let arguments: [UInt8]
    package let client: SocketAddress?
    /// What the client calls itself.
    package let name: [UInt8]
  }

  private struct SlowLogContent {
    var latest: [SlowRequest] = []
    /// Where the oldest one is, once there are as many as there may be.
    var oldest = 0
    var countMax = 0
    var nextNumber = 0
  }

  /// In nanoseconds; `Int64.max` where nothing is kept.
  private let threshold = Atomic<Int64>(.max)
  private let content = Locked(SlowLogContent())

  init(threshold: Duration?, countMax: Int) { setLimits(threshold: threshold, countMax: countMax) }

  /// Keeps from now on, of what is there as well, the latest requests that take longer.
  ///
  /// - Parameters:
  ///   - threshold: nil: nothing new is kept.
  ///   - countMax: How many are kept, within `Limits.slowRequestsMax`; 0: none.
  package func setLimits(threshold: Duration?, countMax: Int) {
    let countMax = min(max(0, countMax), Limits.slowRequestsMax)
    content.withLock { content in
      let kept = Self.latest(countMax, of: content)
      content.latest = kept.reversed()
      content.oldest = 0
      content.countMax = countMax
    }
    let nanoseconds = countMax > 0 ? threshold?.clampedNanoseconds ?? .max : .max
    self.threshold.store(nanoseconds, ordering: .relaxed)
  }

  /// Whether anything may be kept.
  package var isOn: Bool { threshold.load(ordering: .relaxed) != .max }

  /// Whether a request that took so long is kept.
  package func keeps(nanoseconds: Int64) -> Bool {
    nanoseconds >= threshold.load(ordering: .relaxed) && isOn
  }

  /// Keeps a request, in place of the oldest one if need be. O(1).
  package func add(
    nanoseconds: Int64, arguments: [UInt8], client: SocketAddress?, name: [UInt8]
  ) {
    let microseconds = Int(clamping: nanoseconds / 1_000)
    let unixSeconds = Int(time(nil))
    content.withLock { content in
      let entry = SlowRequest(
        number: content.nextNumber, unixSeconds: unixSeconds, microseconds: microseconds,
        arguments: arguments, client: client, name: name)
      content.nextNumber += 1
      if content.latest.count < content.countMax {
        content.latest.append(entry)
      } else if content.countMax > 0 {
        content.latest[content.oldest] = entry
        content.oldest = (content.oldest + 1) % content.countMax
      }
    }
  }

  /// The latest `count` of them, the last one first.
  package func latest(_ count: Int) -> [SlowRequest] {
    content.withLock { Self.latest(count, of: $0) }
  }

  private static func latest(_ count: Int, of content: SlowLogContent) -> [SlowRequest] {
    let kept = content.latest.count
    return (0..<min(max(0, count), kept)).map { age in
      content.latest[(content.oldest + kept - 1 - age) % kept]
    }
  }

  package var count: Int { content.withLock { $0.latest.count } }

  package func removeAll() {
    content.withLock { content in
      content.latest = []
      content.oldest = 0
    }
  }
}
