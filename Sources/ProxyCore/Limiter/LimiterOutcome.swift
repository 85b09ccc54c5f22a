/// How waiting for a permit ended.
package enum LimiterOutcome: Sendable {
  /// The permit is the waiter's: it must be released.
  case granted
  case timedOut
  case cancelled
}
