internal import CLinux

/// Where an object lies, which need not be there any more.
@safe
struct PrefetchPlace {
  private let start: UnsafeRawPointer

  init(_ object: AnyObject) {
    unsafe start = UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
  }

  /// Has the processor fetch the object's beginning. Not to write to it: a shorter object's neighbour may be
  /// another thread's.
  func prefetch(lines: Int) {
    for line in 0..<lines { unsafe Prefetch.toRead(start + line &* 64) }
  }
}
