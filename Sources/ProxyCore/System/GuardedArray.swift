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

  /// Goes round from `first` on, a slice of work each, until there is no more need or no work was left.
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
