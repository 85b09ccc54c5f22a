extension RawSpan {
  /// Whether these bytes are valid UTF-8. O(n); eight at a time where they are ASCII.
  package var isUTF8: Bool {
    unsafe withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        if unsafe offset &+ 8 <= bytes.count
          && bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080
            == 0
        {
          offset &+= 8
          continue
        }
        let length = unsafe Self.scalarLength(bytes, at: offset)
        if length == 0 { return false }
        offset &+= length
      }
      return true
    }
  }

  /// How many bytes the scalar at `offset` takes; 0 where there is none. The bounds of the second byte keep
  /// out what is overlong, a surrogate, or beyond U+10FFFF (Unicode, table 3-7).
  static func scalarLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
    let lead = unsafe bytes[offset]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { second = 0xA0...0xBF }
      if lead == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { second = 0x90...0xBF }
      if lead == 0xF4 { second = 0x80...0x8F }
    default: return 0
    }
    guard offset &+ length <= bytes.count, unsafe second.contains(bytes[offset &+ 1]) else {
      return 0
    }
    for place in 2..<max(2, length) {
      if unsafe bytes[offset &+ place] & 0xC0 != 0x80 { return 0 }
    }
    return length
  }
}
