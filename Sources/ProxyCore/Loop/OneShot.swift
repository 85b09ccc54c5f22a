internal import CLinux
internal import Synchronization

/// A value that one thread makes and another waits for.
final class OneShot<Value: Sendable>: @unchecked Sendable {
  // Unchecked because the compiler cannot see that `value` is written before `isReady`, and read
  // after.
  private var value: Value?
  private let isReady = Atomic<UInt32>(0)

  func fulfil(_ value: Value) {
    precondition(isReady.load(ordering: .relaxed) == 0, "fulfilled twice")
    self.value = value
    isReady.store(1, ordering: .releasing)
    unsafe withUnsafePointer(to: isReady) { unsafe clinux_futex_wake(UnsafeRawPointer($0), .max) }
  }

  func wait() -> Value {
    while isReady.load(ordering: .acquiring) == 0 {
      unsafe withUnsafePointer(to: isReady) { unsafe clinux_futex_wait(UnsafeRawPointer($0), 0) }
    }
    guard let value else { preconditionFailure("ready without a value") }
    return value
  }
}
