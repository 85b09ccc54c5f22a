/// Something and the lock that must be held to touch it, side by side in memory of their own.
///
/// They are reached by two pointers, never as fields of one struct: changing a field takes exclusive access
/// to all of the struct, the lock included that other threads are just trying, and borrowing a large field
/// through a pointer makes the compiler (6.3) copy it.
@safe
@usableFromInline
// Unchecked because it holds pointers: that the lock is held is the promise of those who use them.
struct Guarded<Content: ~Copyable>: @unchecked Sendable {
  @usableFromInline let lock: UnsafeMutablePointer<Lock>
  @usableFromInline let content: UnsafeMutablePointer<Content>

  @inlinable
  init(lock: UnsafeMutablePointer<Lock>, content: UnsafeMutablePointer<Content>) {
    unsafe self.lock = lock
    unsafe self.content = content
  }

  @inlinable
  func acquire() { unsafe lock.pointee.acquire() }

  @inlinable
  func release() { unsafe lock.pointee.release() }
}
