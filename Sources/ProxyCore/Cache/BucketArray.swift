internal import Glibc

/// Buckets of one cache line each, in segments that double in size, so that the array grows without
/// moving anything and a bucket is found with a shift and two loads.
@safe
@usableFromInline
struct BucketArray: ~Copyable {
  /// 12 references of 4 bytes, 12 tags of a byte, and the number of the bucket that continues this one.
  @inlinable static var bucketBytes: Int { 64 }
  @inlinable static var firstSegmentBits: UInt32 { 2 }
  @usableFromInline static let segmentsMax = 30

  @usableFromInline let segments: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  @usableFromInline var segmentCount = 0

  @usableFromInline
  init() {
    unsafe segments = .allocate(capacity: Self.segmentsMax)
    unsafe segments.initialize(repeating: nil, count: Self.segmentsMax)
  }

  @inlinable
  deinit { freeAll() }

  @inlinable
  func bucket(_ number: UInt32) -> UnsafeMutableRawPointer {
    let position = number &+ (1 &<< Self.firstSegmentBits)
    let highest = 31 &- UInt32(truncatingIfNeeded: position.leadingZeroBitCount)
    let offset = Int(position ^ (1 &<< highest)) &* Self.bucketBytes
    let segment = Int(highest &- Self.firstSegmentBits)
    return unsafe segments[segment].unsafelyUnwrapped + offset
  }

  /// Sees to it that buckets below `count` have memory.
  @usableFromInline
  mutating func reserve(_ count: UInt32) {
    while capacity < count {
      precondition(segmentCount < Self.segmentsMax, "a shard cannot have so many entries")
      let bytes = Self.bytes(ofSegment: segmentCount)
      let memory =
        unsafe bytes >= Self.mappedBytesMin
        ? PageMemory.map(bytes: bytes) : aligned_alloc(Self.bucketBytes, bytes)
      guard let memory = unsafe memory else { fatalError("out of memory: \(bytes) bytes of index") }
      unsafe segments[segmentCount] = memory
      segmentCount += 1
    }
  }

  /// Gives back the segments that buckets below `count` do not need.
  @usableFromInline
  mutating func trim(to count: UInt32) {
    while segmentCount > 1, Self.capacity(ofSegments: segmentCount - 1) >= count {
      segmentCount -= 1
      free(segmentCount)
    }
  }

  @usableFromInline var capacity: UInt32 { Self.capacity(ofSegments: segmentCount) }

  @usableFromInline
  func freeAll() {
    for segment in 0..<segmentCount { free(segment) }
    unsafe segments.deallocate()
  }

  private static func capacity(ofSegments segments: Int) -> UInt32 {
    (1 &<< firstSegmentBits) &* ((1 &<< UInt32(truncatingIfNeeded: segments)) &- 1)
  }

  private static func bytes(ofSegment segment: Int) -> Int {
    bucketBytes &<< (Int(firstSegmentBits) &+ segment)
  }

  private func free(_ segment: Int) {
    guard let memory = unsafe segments[segment] else { return }
    let bytes = Self.bytes(ofSegment: segment)
    if bytes >= Self.mappedBytesMin {
      unsafe PageMemory.unmap(memory, bytes: bytes)
    } else {
      unsafe Glibc.free(memory)
    }
    unsafe segments[segment] = nil
  }

  private static let mappedBytesMin = 65_536
}
