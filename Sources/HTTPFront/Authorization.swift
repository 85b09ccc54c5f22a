internal import ProxyCore

/// Compares what a client gives with the password, byte by byte, in a time that depends only on
/// what it gave.
struct Credentials {
  private let password: [UInt8]
  private var count = 0
  private var place = 0
  private var difference: UInt8 = 0

  private init(_ password: [UInt8]) { self.password = password }

  /// Whether the value of an `Authorization` field gives `password`: as a bearer token, or in the
  /// basic scheme with whatever user name. O(n).
  static func authorize(_ field: RawSpan, password: [UInt8]) -> Bool {
    guard !password.isEmpty, field.byteCount <= Limits.httpCredentialBytesMax,
      let space = field.firstOffset(of: UInt8(ascii: " "), in: 0..<field.byteCount)
    else { return false }
    let scheme = field.extracting(0..<space)
    let given = field.extracting(FieldSyntax.trimmed(field, space &+ 1..<field.byteCount))
    var credentials = Credentials(password)
    if scheme.equalsIgnoringCase("bearer") {
      // In bounds by the loop.
      for offset in 0..<given.byteCount { credentials.take(unsafe given.byte(at: offset)) }
      return credentials.areRight
    }
    return scheme.equalsIgnoringCase("basic") && credentials.takeBasic(given)
      && credentials.areRight
  }

  private var areRight: Bool {
    difference | (count == password.count ? 0 : 1) == 0
  }

  private mutating func take(_ byte: UInt8) {
    difference |= byte ^ password[place]
    count &+= 1
    place = place &+ 1 == password.count ? 0 : place &+ 1
  }

  /// Takes what follows the first colon of a text in base64. False where there is none.
  private mutating func takeBasic(_ text: RawSpan) -> Bool {
    var decoder = Base64Decoder()
    var foundColon = false
    for offset in 0..<text.byteCount {
      let step = decoder.take(unsafe text.byte(at: offset))  // in bounds by the loop
      switch step {
      case .nothing: break
      case .byte(let byte) where foundColon: take(byte)
      case .byte(let byte): foundColon = byte == UInt8(ascii: ":")
      case .invalid: return false
      }
    }
    return foundColon && decoder.isAtEnd
  }
}
