internal import CLinux
public import Synchronization

/// A lock of one word that spins briefly and then sleeps in the kernel.
///
/// `Synchronization.Mutex` would do but for two things: its contended path hides its ordering from the
/// thread sanitizer, which then reports races that are not there, and its closure refuses to capture the
/// cursors that the cache works with. It is not fair and not recursive; hold it for microseconds.
@usableFromInline
struct Lock: ~Copyable, Sendable {
  /// 0 free, 1 held, 2 held and perhaps awaited.
  @usableFromInline
  let word = Atomic<UInt32>(0)
  /// How often it was acquired, for budgets and for metrics: on the cache line that its holder has anyway,
  /// and changed by the holder only, so that counting costs no atomic operation worth the name.
  @usableFromInline
  let count = Atomic<UInt64>(0)

  @inlinable
  init() {}

  @inlinable
  var acquisitions: UInt64 { count.load(ordering: .relaxed) }

  @inlinable
  borrowing func acquire() {
    let (taken, _) = word.compareExchange(
      expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
    if !taken { acquireContended() }
    count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  @inlinable
  borrowing func release() {
    if word.exchange(0, ordering: .releasing) == 2 { wakeOne() }
  }

  @usableFromInline
  @inline(never)
  borrowing func acquireContended() {
    for _ in 0..<Self.spinsMax {
      if word.load(ordering: .relaxed) == 0 {
        let (taken, _) = word.compareExchange(
          expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
        if taken { return }
      }
      clinux_spin_pause()
    }
    // From here on the word says 2, so that its release wakes a waiter: perhaps once too often,
    // never once too seldom.
    while word.exchange(2, ordering: .acquiring) != 0 {
      unsafe clinux_futex_wait(address, 2)
    }
  }

  @usableFromInline
  @inline(never)
  borrowing func wakeOne() {
    unsafe clinux_futex_wake(address, 1)
  }

  /// The kernel's name for this lock. `Atomic` is stored in place and a `Lock` never moves while it is
  /// used, because it lives in a class or in memory of its own.
  private var address: UnsafeRawPointer {
    unsafe withUnsafePointer(to: word) { unsafe UnsafeRawPointer($0) }
  }

  private static let spinsMax = 100
}
