extension RawSpan {
  /// Whether these bytes are valid UTF-8. O(n); eight ASCII bytes at a time.
  package var isUTF8: Bool {
    unsafe withUnsafeBytes { bytes in
      var offset = 0
      while offset &+ 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 != 0 { break }
        offset &+= 8
      }
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
      return unsafe rest.allSatisfy { $0 < 0x80 } || Self.isWellFormed(rest)
    }
  }

  private static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var decoder = UTF8()
    var iterator = unsafe bytes.makeIterator()
    while true {
      switch unsafe decoder.decode(&iterator) {
      case .scalarValue: continue
      case .emptyInput: return true
      case .error: return false
      }
    }
  }
}
