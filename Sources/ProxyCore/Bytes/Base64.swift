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

/// Reads base64 letter by letter.
package struct Base64Decoder {
  package enum Step: Equatable, Sendable {
    case nothing
    case byte(UInt8)
    case invalid
  }

  private var bits: UInt32 = 0
  private var letters = 0
  private var padding = 0

  package init() {}

  /// The bytes that `text` is the padded base64 form of; nil if it is no such form.
  package static func bytes(of text: RawSpan) -> [UInt8]? {
    guard text.byteCount % 4 == 0 else { return nil }
    var decoder = Base64Decoder()
    var bytes: [UInt8] = []
    for offset in 0..<text.byteCount {
      switch decoder.take(unsafe text.byte(at: offset)) {  // in bounds by the loop
      case .nothing: break
      case .byte(let byte): bytes.append(byte)
      case .invalid: return nil
      }
    }
    return decoder.isAtEnd ? bytes : nil
  }

  /// What `letter` completes.
  package mutating func take(_ letter: UInt8) -> Step {
    if letter == UInt8(ascii: "=") {
      padding &+= 1
      return .nothing
    }
    guard padding == 0, let digit = Self.digit(letter) else { return .invalid }
    bits = bits &<< 6 | digit
    letters = (letters &+ 1) & 3
    switch letters {
    case 1: return .nothing
    case 2: return .byte(UInt8(truncatingIfNeeded: bits &>> 4))
    case 3: return .byte(UInt8(truncatingIfNeeded: bits &>> 2))
    default: return .byte(UInt8(truncatingIfNeeded: bits))
    }
  }

  /// Whether what was read is whole; the padding may be left away.
  package var isAtEnd: Bool {
    switch letters {
    case 0: padding == 0
    case 1: false
    default: padding == 0 || padding == 4 &- letters
    }
  }

  private static func digit(_ letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter &- UInt8(ascii: "a")) &+ 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter &- UInt8(ascii: "0")) &+ 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
