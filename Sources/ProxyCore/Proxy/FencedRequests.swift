internal import Synchronization

/// Requests that are answered behind a fence, over all workers.
struct FencedRequests: ~Copyable {
  private let sentNow = Atomic<Int>(0)
  private let executedNow = Atomic<Int>(0)

  var sent: Int { sentNow.load(ordering: .sequentiallyConsistent) }
  /// Those whose replies have begun to come, or will not come.
  var executed: Int { executedNow.load(ordering: .sequentiallyConsistent) }

  func noteSent() { sentNow.wrappingAdd(1, ordering: .sequentiallyConsistent) }
  func noteExecuted() { executedNow.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}
