internal import Synchronization

/// The numbers by which clients are told apart: those of the whole process, never used twice.
package final class ClientIdentifiers: Sendable {
  private let last: Atomic<Int>

  /// Numbers from `first` on.
  package init(first: Int = 1) { last = Atomic(first &- 1) }

  /// From any thread.
  package func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
