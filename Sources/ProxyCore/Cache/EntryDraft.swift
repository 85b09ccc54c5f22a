/// A new entry, measured before any lock is taken.
struct EntryDraft {
  let header: EntryHeader
  let sizeClass: SizeClass
  let cost: Int
  private let database: UInt32
  private let shared: SharedBlock?

  var isShared: Bool { shared != nil }

  /// What a value that lies elsewhere costs: itself, its object and the allocator's part.
  static func cost(ofShared count: Int) -> Int { count &+ 96 }

  /// nil where the key or the value is too long to be kept.
  init?(
    value: RawSpan?, valueBytesMax: Int, key: RawSpan, insertion: ByteCache.Insertion,
    deadline: UInt64, now: UInt64
  ) {
    guard key.byteCount <= EntryHeader.keyBytesMax else { return nil }
    if let value, value.byteCount > valueBytesMax { return nil }
    var flags: EntryHeader.Flags = insertion.database == 0 ? [] : .database
    var valueBytes = 0
    var shared: SharedBlock?
    if let value {
      if value.byteCount <= EntryHeader.inlineBytesMax(keyBytes: key.byteCount) {
        valueBytes = value.byteCount
      } else {
        shared = SharedBlock(copying: value)
        valueBytes = EntryHeader.referenceBytes
        flags.insert(.shared)
      }
      if value.isUTF8 { flags.insert(.text) }
    } else {
      flags.insert(insertion.isLarge ? .large : .absent)
    }
    header = EntryHeader(
      deadline: min(deadline, now &+ BlockStore.Time.lifetimeMax),
      inserted: UInt32(truncatingIfNeeded: now),
      generation: insertion.generation, keyBytes: key.byteCount, valueBytes: valueBytes,
      flags: flags)
    sizeClass = SizeClass(holding: header.blockBytes)
    cost =
      sizeClass.bytes &+ HashIndex.bytesPerEntry
      &+ (shared.map { Self.cost(ofShared: $0.count) } ?? 0)
    database = insertion.database
    self.shared = shared
  }

  func write(to block: Block, value: RawSpan?, key: RawSpan) {
    unsafe block.write(header)
    unsafe block.database = database
    unsafe key.withUnsafeBytes { unsafe block.key.copyMemory(from: $0) }
    if let shared {
      let reference = unsafe Unmanaged.passRetained(shared).toOpaque()
      unsafe block.value.storeBytes(of: UInt(bitPattern: reference), as: UInt.self)
    } else if let value {
      unsafe value.withUnsafeBytes { unsafe block.value.copyMemory(from: $0) }
    }
  }
}
