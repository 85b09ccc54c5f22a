internal import Glibc

/// The pages of one shard: taken from the kernel in segments of 1 MiB, used again first, and given back to
/// it, all but a few, as soon as nobody has a use for them.
@safe
struct PagePool: ~Copyable {
  private var segments = unsafe [UnsafeMutableRawPointer]()
  /// Pages of the last segment that were never used.
  private var untouched: UInt32 = 0
  private var warm: [UInt32] = []
  private var cold: [UInt32] = []

  private static let segmentBytes = Page.bytes * Int(Page.perSegment)
  /// Free pages whose memory is kept for the next who needs one.
  private static let warmMax = 8
  private static let segmentsMax = 1 << 15

  init() {}

  deinit {
    for number in unsafe segments.indices {
      unsafe PageMemory.unmap(segments[number], bytes: Self.segmentBytes)
    }
  }

  /// The address of a unit of 8 bytes.
  func address(ofUnit unit: UInt32) -> UnsafeMutableRawPointer {
    let offset = Int(unit & (Page.units * Page.perSegment - 1)) &* 8
    return unsafe segments.withUnsafeBufferPointer {
      unsafe $0[Int(unit &>> (Page.unitBits &+ Page.perSegmentBits))] + offset
    }
  }

  /// A page's number, or nil where there is no more memory to have or to number.
  mutating func take() -> UInt32? {
    if let page = warm.popLast() ?? cold.popLast() { return page }
    if untouched == 0 {
      guard unsafe segments.count < Self.segmentsMax,
        let segment = unsafe PageMemory.map(bytes: Self.segmentBytes)
      else { return nil }
      unsafe segments.append(segment)
      untouched = Page.perSegment
    }
    let page = unsafe UInt32(truncatingIfNeeded: segments.count) &* Page.perSegment &- untouched
    untouched &-= 1
    return page
  }

  mutating func give(back page: UInt32) {
    if warm.count < Self.warmMax {
      warm.append(page)
    } else {
      unsafe PageMemory.discard(address(ofUnit: page &<< Page.unitBits), bytes: Page.bytes)
      cold.append(page)
    }
  }
}
