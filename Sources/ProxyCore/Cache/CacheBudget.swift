public import Synchronization

/// What a whole cache may hold and does hold, over all its shards.
@usableFromInline
struct CacheBudget: ~Copyable, Sendable {
  @usableFromInline let entriesMax: Atomic<Int>
  @usableFromInline let costMax: Atomic<Int>
  @usableFromInline let entries = Atomic<Int>(0)
  @usableFromInline let cost = Atomic<Int>(0)

  @inlinable
  init(entriesMax: Int, costMax: Int) {
    self.entriesMax = Atomic(max(0, entriesMax))
    self.costMax = Atomic(Self.clampedCost(costMax))
  }

  /// Costs are bounded so that those of 65 536 threads, counted in before they are evicted out, still fit.
  @inlinable
  static func clampedCost(_ cost: Int) -> Int { min(max(0, cost), Int.max &>> 16) }

  /// Counts one more entry in. The caller then evicts until nothing is exceeded.
  @inlinable
  func add(cost added: Int) {
    entries.wrappingAdd(1, ordering: .relaxed)
    cost.wrappingAdd(added, ordering: .relaxed)
  }

  @inlinable
  func subtract(entries removed: Int, cost given: Int) {
    entries.wrappingSubtract(removed, ordering: .relaxed)
    cost.wrappingSubtract(given, ordering: .relaxed)
  }

  @inlinable var isExceeded: Bool {
    entries.load(ordering: .relaxed) > entriesMax.load(ordering: .relaxed)
      || cost.load(ordering: .relaxed) > costMax.load(ordering: .relaxed)
  }

  /// Whether an entry of this cost fits at all.
  @inlinable
  func allows(cost: Int) -> Bool {
    entriesMax.load(ordering: .relaxed) > 0 && cost <= costMax.load(ordering: .relaxed)
  }
}
