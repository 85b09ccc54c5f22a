internal import Glibc
internal import Synchronization

/// Bytes that never change and that many may hold: a large cached value on its way to several clients at
/// once is in memory once, and stays there until the last of them has it.
@safe
package final class SharedBlock: @unchecked Sendable {
  // Unchecked only because of the pointer: what it points to is written once, before anybody else has it.
  package let count: Int
  private let memory: UnsafeRawPointer
  /// 0 until it is known.
  private let knownHash = Atomic<UInt64>(0)

  /// A copy of `bytes`.
  package init(copying bytes: RawSpan) {
    count = bytes.byteCount
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, count), alignment: 16)
    unsafe bytes.withUnsafeBytes { source in
      if let from = source.baseAddress {
        unsafe copy.copyMemory(from: from, byteCount: source.count)
      }
    }
    unsafe memory = UnsafeRawPointer(copy)
  }

  deinit { unsafe memory.deallocate() }

  /// The hash of the bytes. O(n) the first time, O(1) from then on: it lives no longer than the Redis that the
  /// seed comes from.
  package func hash(by content: borrowing ContentHash) -> UInt64 {
    let known = knownHash.load(ordering: .relaxed)
    if known != 0 { return known }
    let hash = content.hash(bytes)
    knownHash.store(hash, ordering: .relaxed)
    return hash
  }

  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let buffer = unsafe UnsafeRawBufferPointer(start: memory, count: count)
      return unsafe _overrideLifetime(buffer.bytes, borrowing: self)
    }
  }
}
