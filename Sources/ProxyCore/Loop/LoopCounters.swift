package import Synchronization

/// What a loop has counted. Written by its loop alone, read by anybody.
package final class LoopCounters: Sendable {
  package let connections = Atomic<Int>(0)
  package let accepted = Atomic<Int>(0)
  package let acceptFailures = Atomic<Int>(0)
  package let inputLimitCloses = Atomic<Int>(0)
  package let outputLimitCloses = Atomic<Int>(0)
  /// Bytes that the kernel had no room for.
  package let outputBytesWaiting = Atomic<Int>(0)
  package let turns = Atomic<Int>(0)

  init() {}
}
