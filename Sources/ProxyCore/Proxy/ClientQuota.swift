internal import Synchronization

/// How many clients there are over all fronts, and how many there may be. From any thread, without a
/// lock, O(1).
package final class ClientQuota: Sendable {
  private let most: Atomic<Int>
  private let all = Atomic<Int>(0)
  private let resp = Atomic<Int>(0)
  private let http = Atomic<Int>(0)
  private let rejections = Atomic<Int>(0)

  package init(limit: Int) { most = Atomic(limit) }

  /// Clients that there may be. Those who are there stay when it becomes less.
  package var limit: Int { most.load(ordering: .relaxed) }

  package func setLimit(_ limit: Int) { most.store(limit, ordering: .relaxed) }

  /// Takes one more client in, if there may be one; `leave` is owed for it then.
  package func admit(_ front: ClientFront) -> Bool {
    if all.wrappingAdd(1, ordering: .relaxed).newValue > limit {
      all.wrappingSubtract(1, ordering: .relaxed)
      countRejection()
      return false
    }
    add(1, to: front)
    return true
  }

  /// A client that was admitted has gone.
  package func leave(_ front: ClientFront) {
    all.wrappingSubtract(1, ordering: .relaxed)
    add(-1, to: front)
  }

  /// Counts a client that was turned away, for whatever reason.
  package func countRejection() { rejections.wrappingAdd(1, ordering: .relaxed) }

  package func count(_ front: ClientFront) -> Int {
    switch front {
    case .resp: resp.load(ordering: .relaxed)
    case .http: http.load(ordering: .relaxed)
    }
  }

  /// Clients that were turned away since the start.
  package var rejected: Int { rejections.load(ordering: .relaxed) }

  private func add(_ step: Int, to front: ClientFront) {
    switch front {
    case .resp: resp.wrappingAdd(step, ordering: .relaxed)
    case .http: http.wrappingAdd(step, ordering: .relaxed)
    }
  }
}
