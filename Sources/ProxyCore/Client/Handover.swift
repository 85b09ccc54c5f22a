internal import Synchronization

/// Lets the thread sanitizer see that what a loop made for a task comes before what the task does
/// with it.
///
/// Swift's runtime orders the two, but where the task has not suspended yet when it is resumed, by
/// an atomic operation in code that the sanitizer does not see. Builds for release have none of it.
enum Handover {
  #if DEBUG
    private static let count = Atomic<UInt64>(0)
  #endif

  /// Before a task is resumed.
  static func begin() {
    #if DEBUG
      count.wrappingAdd(1, ordering: .releasing)
    #endif
  }

  /// After a task was resumed.
  static func end() {
    #if DEBUG
      _ = count.load(ordering: .acquiring)
    #endif
  }
}

extension UnsafeContinuation {
  /// Resumes the task with what was made for it.
  func hand(_ value: sending T) where E == any Error {
    Handover.begin()
    unsafe resume(returning: value)
  }

  /// Resumes the task with an error.
  func hand(error: any Error) where E == any Error {
    Handover.begin()
    unsafe resume(throwing: error)
  }
}
