internal import Glibc

/// The latest requests that took long, from when they were received until their reply was whole: what
/// `SLOWLOG` is to Redis. Shared by all loops, behind a lock that only slow requests and those who ask take.
package final class SlowLog: Sendable {
  /// A request that took long.
  package struct Entry: Sendable {
    /// Numbers are never used again, not even after the log was emptied.
    package let number: Int
    package let unixSeconds: Int
    package let microseconds: Int
    /// The request as an array of RESP, cut to a readable length.
    package let arguments: [UInt8]
    package let address: String
    /// What the client calls itself.
    package let name: [UInt8]
  }

  private struct Content {
    var latest: [Entry] = []
    /// Where the oldest one is, once there are as many as there may be.
    var oldest = 0
    var nextNumber = 0
  }

  private let threshold: Duration?
  private let countMax: Int
  private let lock = Lock()
  // Unsafe because the compiler cannot see that only `locked` touches it, which holds the lock.
  private nonisolated(unsafe) var content = Content()

  /// - Parameters:
  ///   - threshold: What takes longer is kept; nil: nothing is.
  ///   - countMax: How many are kept, within `Limits.slowRequestsMax`.
  init(threshold: Duration?, countMax: Int) {
    self.threshold = countMax > 0 ? threshold : nil
    self.countMax = min(countMax, Limits.slowRequestsMax)
  }

  /// Whether anything may be kept.
  package var isOn: Bool { threshold != nil }

  /// Whether a request that took so long is kept.
  package func keeps(_ duration: Duration) -> Bool {
    guard let threshold else { return false }
    return duration >= threshold
  }

  /// Keeps a request, in place of the oldest one if need be. O(1).
  package func add(_ duration: Duration, arguments: [UInt8], address: String, name: [UInt8]) {
    let microseconds = Int(clamping: duration.clampedNanoseconds / 1_000)
    let unixSeconds = Int(time(nil))
    locked { content in
      let entry = Entry(
        number: content.nextNumber, unixSeconds: unixSeconds, microseconds: microseconds,
        arguments: arguments, address: address, name: name)
      content.nextNumber += 1
      if content.latest.count < countMax {
        content.latest.append(entry)
      } else {
        content.latest[content.oldest] = entry
        content.oldest = (content.oldest + 1) % countMax
      }
    }
  }

  /// The latest `count` of them, the last one first.
  package func latest(_ count: Int) -> [Entry] {
    locked { content in
      let kept = content.latest.count
      return (0..<min(max(0, count), kept)).map { age in
        content.latest[(content.oldest + kept - 1 - age) % kept]
      }
    }
  }

  package var count: Int { locked { $0.latest.count } }

  package func removeAll() {
    locked { content in
      content.latest = []
      content.oldest = 0
    }
  }

  private func locked<Result>(_ body: (inout Content) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return unsafe body(&content)
  }
}
