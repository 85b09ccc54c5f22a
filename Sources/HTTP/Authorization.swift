internal import ProxyCore

/// The value of an `Authorization` field.
enum Authorization {
  /// Whether the value of an `Authorization` field gives `password`: as a bearer token, or in the
  /// basic scheme with whatever user name. O(n).
  static func gives(_ password: [UInt8], _ field: RawSpan) -> Bool {
    guard !password.isEmpty, field.byteCount <= Limits.httpCredentialBytesMax,
      let space = field.firstOffset(of: UInt8(ascii: " "), in: 0..<field.byteCount)
    else { return false }
    let scheme = field.extracting(0..<space)
    let given = field.extracting(FieldSyntax.trimmed(field, space &+ 1..<field.byteCount))
    var comparison = SecretComparison(password)
    if scheme.equalsIgnoringCase("bearer") {
      // In bounds by the loop.
      for offset in 0..<given.byteCount { comparison.take(unsafe given.byte(at: offset)) }
      return comparison.isEqual
    }
    return scheme.equalsIgnoringCase("basic") && takeBasic(given, &comparison)
      && comparison.isEqual
  }

  /// Takes what follows the first colon of a text in base64. False where there is none.
  private static func takeBasic(_ text: RawSpan, _ comparison: inout SecretComparison) -> Bool {
    var decoder = Base64Decoder()
    var foundColon = false
    for offset in 0..<text.byteCount {
      let step = decoder.take(unsafe text.byte(at: offset))  // in bounds by the loop
      switch step {
      case .nothing: break
      case .byte(let byte) where foundColon: comparison.take(byte)
      case .byte(let byte): foundColon = byte == UInt8(ascii: ":")
      case .invalid: return false
      }
    }
    return foundColon && decoder.isAtEnd
  }
}
