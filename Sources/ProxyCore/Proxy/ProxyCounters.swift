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
}
