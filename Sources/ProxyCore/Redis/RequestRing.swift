internal import Glibc

/// Requests in the order in which their replies will come. O(1) each way, without allocation but for
/// doublings; an empty one gives back what exceeds `Limits.linkRequestsKeptMax`.
@safe
struct RequestRing: ~Copyable {
  private var base: UnsafeMutablePointer<LinkRequest>?
  private var capacity = 0
  private var head = 0
  private(set) var count = 0

  init() { unsafe base = nil }

  deinit { unsafe free(base) }

  var isEmpty: Bool { count == 0 }
  var allocatedCount: Int { capacity }

  var first: LinkRequest? {
    // In bounds: there is one, and `head` is always within.
    count == 0 ? nil : unsafe base.unsafelyUnwrapped[head]
  }

  var last: LinkRequest? {
    // In bounds: there is one, and the mask leaves what lies within.
    count == 0 ? nil : unsafe base.unsafelyUnwrapped[(head &+ count &- 1) & (capacity &- 1)]
  }

  mutating func append(_ request: LinkRequest) {
    if count == capacity { grow() }
    // In bounds: the capacity is a power of two, so that the mask leaves what lies within.
    unsafe (base.unsafelyUnwrapped + (head &+ count) & (capacity &- 1)).initialize(to: request)
    count &+= 1
  }

  mutating func removeFirst() -> LinkRequest? {
    guard let request = first else { return nil }
    head = (head &+ 1) & (capacity &- 1)
    count &-= 1
    if count == 0 && capacity > Limits.linkRequestsKeptMax { release() }
    return request
  }

  mutating func replaceFirst(_ delivery: LinkDelivery) {
    if count > 0 { unsafe base.unsafelyUnwrapped[head].delivery = delivery }
  }

  private mutating func release() {
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    head = 0
  }

  @inline(never)
  private mutating func grow() {
    let larger = max(Self.capacityMin, capacity &* 2)
    let size = larger &* MemoryLayout<LinkRequest>.stride
    guard let memory = unsafe malloc(size) else {
      // Like Swift's own allocations: there is no going on, and no error could be told to anybody.
      fatalError("out of memory: requests in flight need \(size) bytes")
    }
    let moved = unsafe memory.bindMemory(to: LinkRequest.self, capacity: larger)
    for index in 0..<count {
      unsafe (moved + index).initialize(
        to: base.unsafelyUnwrapped[(head &+ index) & (capacity &- 1)])
    }
    unsafe free(base)
    unsafe base = moved
    capacity = larger
    head = 0
  }

  private static let capacityMin = 16
}
