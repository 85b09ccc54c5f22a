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
    self.costMax = Atomic(max(0, costMax))
  }

  /// Counts one more entry in. Whoever does so then evicts until nothing is exceeded.
  @inlinable
  func add(cost added: Int) {
    entries.add(1, ordering: .relaxed)
    cost.add(added, ordering: .relaxed)
  }

  @inlinable
  func subtract(entries removed: Int, cost given: Int) {
    entries.subtract(removed, ordering: .relaxed)
    cost.subtract(given, ordering: .relaxed)
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
