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

  /// Zeroed memory that begins at a multiple of its size, in pages as large as the system likes to
  /// give: random access to many megabytes is half as slow when the processor need not look each
  /// page up.
  static func mapHuge(bytes: Int) -> UnsafeMutableRawPointer? {
    guard let mapped = unsafe map(bytes: bytes * 2) else { return nil }
    let before = (bytes &- Int(bitPattern: mapped) % bytes) % bytes
    if before > 0 { unsafe unmap(mapped, bytes: before) }
    unsafe unmap(mapped + before + bytes, bytes: bytes &- before)
    unsafe madvise(mapped + before, bytes, MADV_HUGEPAGE)
    return unsafe mapped + before
  }

  /// Gives a whole mapping back.
  @usableFromInline
  static func unmap(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    unsafe munmap(memory, bytes)
  }

  /// Gives the contents back and keeps the addresses: they read as zero when they are next touched.
  /// Of a huge page that was not split, the memory stays where it is.
  static func discard(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    unsafe madvise(memory, bytes, MADV_DONTNEED)
  }

  /// Makes small pages of huge memory, and sees to it that the system does not join them again,
  /// which would take back what is discarded of them. To call a part of a huge page cold is what
  /// splits it.
  static func splitHuge(
    _ memory: UnsafeMutableRawPointer, bytes: Int, at part: UnsafeMutableRawPointer, partBytes: Int
  ) {
    unsafe madvise(memory, bytes, MADV_NOHUGEPAGE)
    unsafe madvise(part, partBytes, MADV_COLD)
  }

  /// Lets the system make huge pages of memory that was split.
  static func preferHuge(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    unsafe madvise(memory, bytes, MADV_HUGEPAGE)
  }
}
