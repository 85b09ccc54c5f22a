/// One entry of the byte cache as it lies in memory: a header of 24 bytes, then the key and the value.
///
/// ```
///  0  links                    newer, older
///  8  deadline 48, generation 16
/// 16  inserted 32
/// 20  key bytes 12, value bytes 13, flags 7
/// 24  [database 32] key value
/// ```
@unsafe
struct Block {
  let memory: UnsafeMutableRawPointer

  init(_ memory: UnsafeMutableRawPointer) { unsafe self.memory = memory }

  func write(_ header: EntryHeader) {
    assert(header.keyBytes <= EntryHeader.keyBytesMax && header.valueBytes < 1 << 13)
    let deadline = min(header.deadline, EntryHeader.deadlineMax) | UInt64(header.generation) &<< 48
    let sizes =
      UInt32(truncatingIfNeeded: header.keyBytes)
      | UInt32(truncatingIfNeeded: header.valueBytes) &<< 12 | header.flags.rawValue &<< 25
    unsafe memory.storeBytes(of: deadline, toByteOffset: 8, as: UInt64.self)
    unsafe memory.storeBytes(of: header.inserted, toByteOffset: 16, as: UInt32.self)
    unsafe memory.storeBytes(of: sizes, toByteOffset: 20, as: UInt32.self)
  }

  func markHole() {
    unsafe memory.storeBytes(
      of: EntryHeader.Flags.hole.rawValue &<< 25, toByteOffset: 20, as: UInt32.self)
  }

  private var sizes: UInt32 { unsafe memory.load(fromByteOffset: 20, as: UInt32.self) }
  private var validity: UInt64 { unsafe memory.load(fromByteOffset: 8, as: UInt64.self) }

  var flags: EntryHeader.Flags { unsafe EntryHeader.Flags(rawValue: sizes &>> 25) }
  var isHole: Bool { unsafe flags.contains(.hole) }
  var deadline: UInt64 { unsafe validity & EntryHeader.deadlineMax }
  var generation: UInt16 { unsafe UInt16(truncatingIfNeeded: validity &>> 48) }
  var inserted: UInt32 { unsafe memory.load(fromByteOffset: 16, as: UInt32.self) }
  var keyBytes: Int { unsafe Int(sizes & 0xFFF) }
  var valueBytes: Int { unsafe Int(sizes &>> 12 & 0x1FFF) }

  var sizeClass: SizeClass { unsafe SizeClass(holding: valueOffset &+ valueBytes) }

  private var keyOffset: Int {
    unsafe EntryHeader.bytes &+ (flags.contains(.database) ? EntryHeader.databaseBytes : 0)
  }
  private var valueOffset: Int { unsafe keyOffset &+ keyBytes }

  var key: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: memory + keyOffset, count: keyBytes)
  }

  /// The value, or the bytes of the reference to it.
  var value: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: memory + valueOffset, count: valueBytes)
  }

  var database: UInt32 {
    get {
      guard unsafe flags.contains(.database) else { return 0 }
      return unsafe memory.load(fromByteOffset: EntryHeader.bytes, as: UInt32.self)
    }
    nonmutating set {
      guard unsafe flags.contains(.database) else { return }
      unsafe memory.storeBytes(of: newValue, toByteOffset: EntryHeader.bytes, as: UInt32.self)
    }
  }

  /// The value that lies elsewhere. The block holds one reference to it.
  var shared: Unmanaged<SharedBlock>? {
    guard unsafe flags.contains(.shared),
      let pointer = unsafe value.loadUnaligned(as: UnsafeRawPointer?.self)
    else { return nil }
    return unsafe Unmanaged.fromOpaque(pointer)
  }

  func matches(_ other: UnsafeRawBufferPointer, database: UInt32) -> Bool {
    guard unsafe keyBytes == other.count, unsafe self.database == database else { return false }
    return unsafe sameBytes(key.baseAddress, other.baseAddress, keyBytes)
  }
}
