/// Something and the lock that must be held to touch it, side by side in memory of their own.
///
/// They are reached by two pointers, never as fields of one struct: changing a field takes exclusive access
/// to all of the struct, the lock included that other threads are just trying, and borrowing a large field
/// through a pointer makes the compiler (6.3) copy it.
@safe
@usableFromInline
struct Guarded<Content: ~Copyable>: @unchecked Sendable {
  // Unchecked because of the pointers: that the lock is held is the promise of those who use them.

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

/// So many guarded contents, each beginning on a cache line that no other touches.
@safe
@usableFromInline
struct GuardedArray<Content: ~Copyable>: ~Copyable, @unchecked Sendable {
  // Unchecked because of the pointer; what it points to is guarded.

  @usableFromInline let memory: UnsafeMutableRawPointer
  @usableFromInline let count: Int

  @inlinable static var lineBytes: Int { 64 }
  /// Contents with an alignment beyond a pointer's do not occur; the precondition says so.
  @inlinable static var contentOffset: Int { 16 }
  @inlinable static var stride: Int {
    (contentOffset &+ MemoryLayout<Content>.size &+ lineBytes &- 1) / lineBytes &* lineBytes
  }

  @inlinable
  init(count: Int, _ make: () -> Content) {
    precondition(MemoryLayout<Lock>.size <= Self.contentOffset)
    precondition(MemoryLayout<Content>.alignment <= Self.contentOffset)
    self.count = count
    unsafe memory = .allocate(byteCount: count * Self.stride, alignment: Self.lineBytes)
    for number in 0..<count {
      unsafe self[number].lock.initialize(to: Lock())
      unsafe self[number].content.initialize(to: make())
    }
  }

  @inlinable
  deinit {
    for number in 0..<count {
      unsafe self[number].content.deinitialize(count: 1)
      unsafe self[number].lock.deinitialize(count: 1)
    }
    unsafe memory.deallocate()
  }

  @inlinable
  subscript(number: Int) -> Guarded<Content> {
    let start = unsafe memory + number &* Self.stride
    return unsafe Guarded(
      lock: start.assumingMemoryBound(to: Lock.self),
      content: (start + Self.contentOffset).assumingMemoryBound(to: Content.self))
  }
}
