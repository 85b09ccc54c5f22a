private import AllocationCounter
package import ProxyCore

/// What some work takes of the loop that does it.
package struct LoopCost {
  /// By the loop's thread.
  package var allocations = UInt64.max
  /// Of the cache's shards, by anybody.
  package var locks = UInt64.max

  /// What nothing costs, and what `body` does. A janitor and the looking itself add a little now and then:
  /// the least of several rounds counts.
  package static func compare(
    _ loop: LoopThread, _ cache: ByteCache, _ body: () throws -> Void
  ) rethrows -> (idle: LoopCost, busy: LoopCost) {
    var (idle, busy) = (LoopCost(), LoopCost())
    for _ in 0..<20 {
      idle.lower(loop, cache) {}
      try busy.lower(loop, cache, body)
    }
    return (idle, busy)
  }

  private mutating func lower(
    _ loop: LoopThread, _ cache: ByteCache, _ body: () throws -> Void
  ) rethrows {
    let before = loop.perform { _ in allocation_count_of_thread() } ?? 0
    let locksBefore = cache.lockAcquisitions
    try body()
    locks = min(locks, cache.lockAcquisitions - locksBefore)
    let after = loop.perform { _ in allocation_count_of_thread() } ?? 0
    allocations = min(allocations, after - before)
  }
}
