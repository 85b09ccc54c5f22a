internal import CLinux
internal import Glibc

/// Memory straight from the kernel: it costs nothing until it is touched, and goes back at once.
@usableFromInline
enum PageMemory {
  /// Zeroed memory, or nil where the kernel has none left.
  @usableFromInline
  static func map(bytes: Int) -> UnsafeMutableRawPointer? {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let mapped = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    return unsafe mapped == clinux_map_failed() ? nil : mapped
  }

  /// Gives a whole mapping back.
  @usableFromInline
  static func unmap(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    unsafe munmap(memory, bytes)
  }

  /// Gives the contents back and keeps the addresses: they read as zero when they are next touched.
  static func discard(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    unsafe madvise(memory, bytes, MADV_DONTNEED)
  }
}
