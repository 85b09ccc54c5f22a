/// Text from elsewhere, as it may be shown to people.
enum VisibleText {
  /// Spells out what a terminal would obey, not show, or show elsewhere.
  static func of(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      isVisible(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }.joined()
  }

  /// The same for bytes that are no text.
  static func of(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      if byte >= 0x20 && byte < 0x7F { return String(UnicodeScalar(byte)) }
      return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  private static func isVisible(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .nonspacingMark, .enclosingMark, .spacingMark:
      false
    default: true
    }
  }
}
