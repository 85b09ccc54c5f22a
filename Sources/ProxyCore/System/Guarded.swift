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

/// So many guarded contents, each beginning on a cache line that no other touches.
@safe
@usableFromInline
// Unchecked because it holds a pointer: each content behind it has a lock of its own.
struct GuardedArray<Content: ~Copyable>: ~Copyable, @unchecked Sendable {
  @usableFromInline let memory: UnsafeMutableRawPointer
  @usableFromInline let count: Int

  @inlinable static var lineBytes: Int { 64 }
  /// Contents with an alignment beyond a pointer's do not occur; the precondition says so.
  @inlinable static var contentOffset: Int { 16 }
  @inlinable static var stride: Int {
    (contentOffset &+ MemoryLayout<Content>.size &+ lineBytes &- 1) / lineBytes &* lineBytes
  }

  @inlinable
  init(count: Int, _ make: (Int) -> Content) {
    precondition(MemoryLayout<Lock>.size <= Self.contentOffset)
    precondition(MemoryLayout<Content>.alignment <= Self.contentOffset)
    self.count = count
    unsafe memory = .allocate(byteCount: count * Self.stride, alignment: Self.lineBytes)
    for number in 0..<count {
      unsafe self[number].lock.initialize(to: Lock())
      unsafe self[number].content.initialize(to: make(number))
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
    assert(number >= 0 && number < count)
    let start = unsafe memory + number &* Self.stride
    return unsafe Guarded(
      lock: start.assumingMemoryBound(to: Lock.self),
      content: (start + Self.contentOffset).assumingMemoryBound(to: Content.self))
  }

  /// Goes round from `first` on, a slice of work each, until there is no more need or nobody had any work.
  /// `slice` is told how much to leave where it is and says how much it did: in `spared` one is left, as
  /// long as anybody else can do something.
  @usableFromInline
  func goRound(
    from first: Int, sparing spared: Int?, while isNeeded: () -> Bool,
    _ slice: (Guarded<Content>, _ leaving: Int) -> Int
  ) {
    var spared = spared
    while isNeeded() {
      var done = 0
      for step in 0..<count where isNeeded() {
        let number = (first &+ step) % count
        done &+= slice(self[number], number == spared ? 1 : 0)
      }
      if done == 0 {
        if spared == nil { return }
        spared = nil
      }
    }
  }
}
