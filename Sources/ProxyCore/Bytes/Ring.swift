internal import Glibc

/// A queue: first in, first out. O(1) each way, without allocation but for doublings. Elements are moved in
/// and out, so that what counts its references is counted once; an empty ring gives back what exceeds the
/// number that it keeps room for.
@safe
struct Ring<Element>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>?
  private var capacity = 0
  private var head = 0
  private let countKept: Int
  private(set) var count = 0

  init(keepingRoomFor countKept: Int) {
    unsafe base = nil
    self.countKept = countKept
  }

  deinit {
    // In bounds: `count` elements are there, and the mask leaves what lies within.
    for index in 0..<count {
      unsafe (base.unsafelyUnwrapped + place(at: index)).deinitialize(count: 1)
    }
    unsafe free(base)
  }

  var isEmpty: Bool { count == 0 }

  // In bounds, here and below: there is one, and the mask leaves what lies within.
  var first: Element? { count == 0 ? nil : unsafe base.unsafelyUnwrapped[head] }
  var last: Element? { count == 0 ? nil : unsafe base.unsafelyUnwrapped[place(at: count &- 1)] }

  subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "there is no such element")
    return unsafe base.unsafelyUnwrapped[place(at: index)]
  }

  mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    unsafe (base.unsafelyUnwrapped + place(at: count)).initialize(to: element)
    count &+= 1
  }

  mutating func removeFirst() -> Element? {
    if count == 0 { return nil }
    let element = unsafe (base.unsafelyUnwrapped + head).move()
    head = place(at: 1)
    count &-= 1
    if count == 0 && capacity > countKept { release() }
    return element
  }

  /// Puts another one in the first one's place; nothing where there is none.
  mutating func replaceFirst(_ element: consuming Element) {
    if count > 0 { unsafe base.unsafelyUnwrapped[head] = element }
  }

  /// The capacity is a power of two.
  private func place(at index: Int) -> Int { (head &+ index) & (capacity &- 1) }

  private mutating func release() {
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    head = 0
  }

  @inline(never)
  private mutating func grow() {
    let larger = max(Self.capacityMin, capacity &* 2)
    let size = larger &* MemoryLayout<Element>.stride
    guard let memory = unsafe malloc(size) else {
      // Like Swift's own allocations: there is no going on, and no error could be told to anybody.
      fatalError("out of memory: a queue of \(count) needs \(size) bytes")
    }
    let moved = unsafe memory.bindMemory(to: Element.self, capacity: larger)
    for index in 0..<count {
      unsafe (moved + index).moveInitialize(
        from: base.unsafelyUnwrapped + place(at: index), count: 1)
    }
    unsafe free(base)
    unsafe base = moved
    capacity = larger
    head = 0
  }

  private static var capacityMin: Int { 16 }
}
