extension ByteBuffer {
  /// How long the base64 form of `count` bytes is.
  package static func base64Count(_ count: Int) -> Int { (count &+ 2) / 3 &* 4 }

  /// Appends `bytes` in base64, padded.
  package mutating func appendBase64(_ bytes: RawSpan) {
    let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    reserve(Self.base64Count(bytes.byteCount))
    var offset = 0
    while offset < bytes.byteCount {
      let count = min(3, bytes.byteCount &- offset)
      var group: UInt32 = 0
      for place in 0..<3 {
        group <<= 8
        // In bounds: only those that are left are loaded.
        if place < count { group |= UInt32(unsafe bytes.byte(at: offset &+ place)) }
      }
      var word: UInt64 = 0
      for place in 0..<4 {
        let digit = Int(group &>> UInt32(18 &- 6 &* place)) & 63
        // In bounds: the alphabet has 64 letters.
        let letter = place <= count ? unsafe alphabet.utf8Start[digit] : UInt8(ascii: "=")
        word |= UInt64(letter) &<< UInt64(8 &* place)
      }
      append(4, bytesOf: word)
      offset &+= 3
    }
  }
}
