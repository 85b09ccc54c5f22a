internal import CLinux

/// The allocator's memory.
enum HeapMemory {
  /// Gives pages that nothing is allocated in back to the system. Takes a time that grows with the heap, so
  /// it is for after something large and rare.
  static func giveBack() { clinux_trim_heap() }
}
