internal import Glibc

/// The arguments of one request, reused for the next one.
///
/// It grows by doubling with arguments that have arrived, never with a count that was declared, and gives
/// back at the next request what exceeds `Limits.argumentsKeptMax`. A table that was never used owns nothing.
@safe
package struct ArgumentTable: ~Copyable {
  private var base: UnsafeMutablePointer<Argument>?
  private var capacity = 0
  package private(set) var count = 0

  init() { unsafe base = nil }

  deinit { unsafe free(base) }

  package var isEmpty: Bool { count == 0 }
  package var allocatedCount: Int { capacity }

  package subscript(index: Int) -> Argument {
    precondition(index >= 0 && index < count, "there is no such argument")
    return unsafe base.unsafelyUnwrapped[index]
  }

  /// The bytes of an argument; `request` is what the parser said the table belongs to.
  @_lifetime(copy request)
  package func bytes(_ index: Int, in request: RawSpan) -> RawSpan {
    request.extracting(self[index].range)
  }

  mutating func append(_ argument: Argument) {
    if count == capacity { grow() }
    // In bounds: `grow` has made room for one more at least.
    unsafe base.unsafelyUnwrapped[count] = argument
    count &+= 1
  }

  mutating func replace(_ index: Int, with argument: Argument) {
    precondition(index >= 0 && index < count, "there is no such argument")
    unsafe base.unsafelyUnwrapped[index] = argument
  }

  mutating func removeAll() {
    count = 0
    if capacity > Limits.argumentsKeptMax { release() }
  }

  mutating func release() {
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    count = 0
  }

  @inline(never)
  private mutating func grow() {
    let larger = max(Self.capacityMin, capacity &* 2)
    let size = larger &* MemoryLayout<Argument>.stride
    guard let memory = unsafe realloc(base, size) else {
      // Like Swift's own allocations: there is no going on, and no error could be told to anybody.
      fatalError("out of memory: a request's arguments need \(size) bytes")
    }
    unsafe base = memory.bindMemory(to: Argument.self, capacity: larger)
    capacity = larger
  }

  private static let capacityMin = 8
}
