internal import Synchronization

/// What a waiting task shares with its cancellation, which may come before there is a request. It
/// lives in the task's own frame, and so costs no memory.
struct RequestPlace: ~Copyable, Sendable {
  private enum PlaceStage {
    static let before: UInt64 = 0
    static let abandoned: UInt64 = .max
  }

  /// One of the stages, or a request's number and one, which is neither.
  private let stage = Atomic<UInt64>(PlaceStage.before)

  var isAbandoned: Bool { stage.load(ordering: .relaxed) == PlaceStage.abandoned }

  /// Notes the number of the request. False if the task was cancelled before.
  borrowing func take(_ number: UInt64) -> Bool {
    stage.compareExchange(
      expected: PlaceStage.before, desired: number &+ 1, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The number of the request to cancel, if there is one.
  borrowing func abandon() -> UInt64? {
    let before = stage.exchange(PlaceStage.abandoned, ordering: .acquiringAndReleasing)
    return before == PlaceStage.before || before == PlaceStage.abandoned ? nil : before &- 1
  }
}
