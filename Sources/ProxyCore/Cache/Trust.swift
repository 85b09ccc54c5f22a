internal import Synchronization

/// Which entries can be believed. A home stamps what its fill links bring with its generation, and raises that when
/// a link is lost: entries of former generations may have changed without a word. From any thread, O(1).
package final class Trust: Sendable {
  private final class HomeTrust: Sendable {
    let generation = Atomic<UInt16>(0)
    /// The first of its generations whose entries may be answered as last known values.
    let oldestKnown = Atomic<UInt16>(0)
  }

  private let homes: [HomeTrust]
  /// Only the proof that generations are needed does without.
  private let isChecked: Bool

  package init(homes count: Int = 1, isChecked: Bool = true) {
    homes = (0..<count).map { _ in HomeTrust() }
    self.isChecked = isChecked
  }

  /// The home of a key. Bits that choose neither the shard nor the bucket's tag.
  package func home(of hash: UInt64) -> Int {
    let chosen = (hash &>> 20) & 0xFFFF_FFFF
    return Int(truncatingIfNeeded: (chosen &* UInt64(homes.count)) &>> 32)
  }

  /// The stamp of what a home fills now.
  package func generation(of home: Int) -> UInt16 {
    homes[home].generation.load(ordering: .relaxed)
  }

  /// Whether an entry of this generation and hash is believed.
  func includes(_ generation: UInt16, _ hash: UInt64) -> Bool {
    generation == homes[home(of: hash)].generation.load(ordering: .relaxed) || !isChecked
  }

  /// Whether it may be answered as the last known value.
  func remembers(_ generation: UInt16, _ hash: UInt64) -> Bool {
    let home = homes[home(of: hash)]
    let current = home.generation.load(ordering: .relaxed)
    let oldest = home.oldestKnown.load(ordering: .relaxed)
    return current &- generation <= current &- oldest
  }

  /// Believes nothing any more that a home has filled. True once in 65 536 times, when the numbers begin again and no
  /// entry may be left from the first time.
  func endGeneration(of home: Int) -> Bool {
    homes[home].generation.wrappingAdd(1, ordering: .relaxed).newValue == 0
  }

  /// Has former generations of a home hold no last known values.
  package func forgetLastKnown(of home: Int) {
    let home = homes[home]
    home.oldestKnown.store(home.generation.load(ordering: .relaxed), ordering: .relaxed)
  }
}
