package import Synchronization

/// What happened, counted by all loops.
package final class ProxyCounters: Sendable {
  package let fetches = Atomic<Int>(0)
  package let joined = Atomic<Int>(0)
  package let flights = Atomic<Int>(0)
  package let invalidations = Atomic<Int>(0)
  package let fences = Atomic<Int>(0)
  package let passed = Atomic<Int>(0)
  package let staleAnswers = Atomic<Int>(0)
  package let linksLost = Atomic<Int>(0)
  /// What fill links had filled and is not trusted any more, one for each such link that was lost.
  package let generations = Atomic<Int>(0)
}
