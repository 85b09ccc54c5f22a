internal import CLinux

/// Hints to the processor, which cost a cycle and spare a wait.
@usableFromInline
enum Prefetch {
  @usableFromInline
  static func toRead(_ line: UnsafeRawPointer) { unsafe clinux_prefetch(line) }

  @usableFromInline
  static func toWrite(_ line: UnsafeRawPointer) { unsafe clinux_prefetch_to_write(line) }
}

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
