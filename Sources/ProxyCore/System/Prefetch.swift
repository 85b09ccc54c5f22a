internal import CLinux

/// Hints to the processor, which cost a cycle and spare a wait.
@usableFromInline
enum Prefetch {
  @usableFromInline
  static func toRead(_ line: UnsafeRawPointer) { unsafe clinux_prefetch(line) }

  @usableFromInline
  static func toWrite(_ line: UnsafeRawPointer) { unsafe clinux_prefetch_to_write(line) }
}
