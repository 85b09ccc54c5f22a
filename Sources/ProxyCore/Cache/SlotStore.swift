/// Entries of one size, with a key and a value of Swift's: slots in segments that double, so that nothing
/// moves when there are more of them, and freed slots are used again first.
@safe
@usableFromInline
struct SlotStore<Key: Hashable, Value>: EntryStore, ~Copyable {
  @usableFromInline
  struct Slot {
    @usableFromInline var links: RecencyLinks
    @usableFromInline var hash: UInt64
    @usableFromInline var deadline: Moment
    @usableFromInline var key: Key
    @usableFromInline var value: Value
    @usableFromInline var cost: Int

    @inlinable
    init(
      links: RecencyLinks, hash: UInt64, deadline: Moment, key: consuming Key,
      value: consuming Value,
      cost: Int
    ) {
      self.links = links
      self.hash = hash
      self.deadline = deadline
      self.key = key
      self.value = value
      self.cost = cost
    }
  }

  @usableFromInline let segments: UnsafeMutablePointer<UnsafeMutablePointer<Slot>?>
  @usableFromInline var segmentCount = 0
  /// Slots that were ever used, and the first of the freed ones (linked through their first word).
  @usableFromInline var used: UInt32 = 1
  @usableFromInline var firstFree = Entry.none
  /// What the entries held cost together.
  @usableFromInline var cost = 0

  @inlinable static var firstSegmentBits: UInt32 { 2 }
  @inlinable static var segmentsMax: Int { 29 }

  @inlinable
  init() {
    unsafe segments = .allocate(capacity: Self.segmentsMax)
    unsafe segments.initialize(repeating: nil, count: Self.segmentsMax)
    addSegment()
  }

  /// Everything that is still linked is released; the segments go back.
  @inlinable
  deinit {
    var entry = unsafe links(.none).pointee.newer
    while entry != .none {
      let slot = unsafe slot(entry)
      entry = unsafe slot.pointee.links.newer
      unsafe slot.deinitialize(count: 1)
    }
    for segment in 0..<segmentCount { unsafe segments[segment]?.deallocate() }
    unsafe segments.deallocate()
  }

  @inlinable
  func slot(_ entry: Entry) -> UnsafeMutablePointer<Slot> {
    let position = entry.number &+ (1 &<< Self.firstSegmentBits)
    let highest = 31 &- UInt32(truncatingIfNeeded: position.leadingZeroBitCount)
    let segment = Int(highest &- Self.firstSegmentBits)
    return unsafe segments[segment].unsafelyUnwrapped + Int(position ^ (1 &<< highest))
  }

  // MARK: EntryStore

  /// A slot begins with its links; of slot 0 only these exist.
  @inlinable
  func links(_ entry: Entry) -> UnsafeMutablePointer<RecencyLinks> {
    unsafe UnsafeMutableRawPointer(slot(entry)).assumingMemoryBound(to: RecencyLinks.self)
  }

  @inlinable
  func hash(_ entry: Entry) -> UInt64 { unsafe slot(entry).pointee.hash }

  @inlinable
  func isExpired(_ entry: Entry, at time: Moment) -> Bool {
    unsafe slot(entry).pointee.deadline <= time
  }

  // MARK: Slots

  /// A place for one more entry, or nil when there are two billion.
  @inlinable
  mutating func allocate() -> Entry? {
    if firstFree != .none {
      let entry = firstFree
      firstFree = unsafe freeLink(entry).pointee
      return entry
    }
    let capacity = (1 &<< Self.firstSegmentBits) &* ((1 as UInt32) &<< UInt32(segmentCount) &- 1)
    if used >= capacity {
      if segmentCount == Self.segmentsMax { return nil }
      addSegment()
    }
    defer { used &+= 1 }
    return Entry(used)
  }

  @inlinable
  mutating func addSegment() {
    let slots = (1 as Int) &<< (Int(Self.firstSegmentBits) &+ segmentCount)
    unsafe segments[segmentCount] = .allocate(capacity: slots)
    segmentCount += 1
  }

  /// Fills a slot that was allocated.
  @inlinable
  mutating func fill(_ entry: Entry, with content: consuming Slot) {
    cost &+= content.cost
    unsafe slot(entry).initialize(to: content)
  }

  /// Empties a slot that is linked no more; what it held is the caller's to release.
  @inlinable
  mutating func take(_ entry: Entry) -> Slot {
    let content = unsafe slot(entry).move()
    cost &-= content.cost
    unsafe freeLink(entry).initialize(to: firstFree)
    firstFree = entry
    return content
  }

  @inlinable
  func freeLink(_ entry: Entry) -> UnsafeMutablePointer<Entry> {
    unsafe UnsafeMutableRawPointer(slot(entry)).assumingMemoryBound(to: Entry.self)
  }
}
