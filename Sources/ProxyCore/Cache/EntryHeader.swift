/// What is written into a block before its key and value.
struct EntryHeader {
  /// Milliseconds since the cache was made.
  var deadline: UInt64
  /// The same, modulo 2^32: no entry lives that long.
  var inserted: UInt32
  var generation: UInt16
  var keyBytes: Int
  /// Of the value, or of the reference to it.
  var valueBytes: Int
  var flags: Flags

  struct Flags: OptionSet {
    let rawValue: UInt32
    /// A free block.
    static let hole = Flags(rawValue: 1)
    /// Redis has no such key.
    static let absent = Flags(rawValue: 2)
    /// What lies here in place of the value is a reference to a `SharedBlock`.
    static let shared = Flags(rawValue: 4)
    /// The key belongs to another database than 0, named in front of it.
    static let database = Flags(rawValue: 8)
    /// The value is UTF-8 throughout.
    static let text = Flags(rawValue: 16)
    /// The value is too large to be kept: all that is known is that.
    static let large = Flags(rawValue: 32)
  }

  static let bytes = 24
  static let databaseBytes = 4
  static let referenceBytes = 8
  static let keyBytesMax = 4_000
  static let deadlineMax: UInt64 = (1 << 48) - 1

  var blockBytes: Int {
    Self.bytes &+ (flags.contains(.database) ? Self.databaseBytes : 0) &+ keyBytes &+ valueBytes
  }

  /// The largest value that lies in the block itself.
  static func inlineBytesMax(keyBytes: Int) -> Int {
    SizeClass.bytesMax &- bytes &- databaseBytes &- keyBytes
  }
}
