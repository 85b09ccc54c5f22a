private import AllocationCounter

/// Heap allocations of the calling thread, for code that promises none.
public enum AllocationCount {
  /// False under a sanitizer, which owns the allocator: skip such tests there.
  public static var works: Bool { allocation_counting_works() }

  /// Whether what is counted is what users will run: without optimization, closures and spans take memory.
  public static var seesOptimizedCode: Bool {
    #if DEBUG
      false
    #else
      works
    #endif
  }

  /// What `body` returned, and how many allocations its thread made meanwhile.
  public static func during<Result>(_ body: () throws -> Result) rethrows -> (Result, Int) {
    let before = allocation_count_of_thread()
    let result = try body()
    return (result, Int(allocation_count_of_thread() - before))
  }
}
