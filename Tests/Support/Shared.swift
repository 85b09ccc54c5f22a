private import Glibc

/// A value that the tasks of a test share.
///
/// Its lock is one that the thread sanitizer understands, which `Synchronization.Mutex` is not.
@safe
public final class Shared<Value: Sendable>: @unchecked Sendable {  // `lock` guards all access
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var guarded: Value

  /// Shares `value`.
  public init(_ value: Value) {
    unsafe pthread_mutex_init(lock, nil)
    guarded = value
  }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe lock.deallocate()
  }

  /// A copy of what it is now.
  public var value: Value { change { $0 } }

  /// Changes it, with nobody else looking.
  public func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return try body(&guarded)
  }
}
