/// Reads base64 letter by letter.
package struct Base64Decoder {
  package enum DecodingStep: Equatable, Sendable {
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
  package mutating func take(_ letter: UInt8) -> DecodingStep {
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
