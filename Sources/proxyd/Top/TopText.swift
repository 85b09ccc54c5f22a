/// How figures and keys are written in a terminal.
enum TopText {
  static let missing = "-"

  /// Up to five digits, with a letter for thousands where there are more.
  static func count(_ value: Double?) -> String {
    guard let value, value.isFinite else { return missing }
    if abs(value) < 10 && value != value.rounded() { return fixed(value, 1) }
    return scaled(value, ["", "k", "M", "G"], by: 1_000, from: 100_000)
  }

  static func bytes(_ value: Double?) -> String {
    guard let value, value.isFinite else { return missing }
    return scaled(value, [" B", " KiB", " MiB", " GiB", " TiB"], by: 1_024, from: 1_024)
  }

  static func percent(_ value: Double?) -> String {
    guard let value, value.isFinite else { return missing }
    return fixed(value * 100, 1) + " %"
  }

  static func duration(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return missing }
    if seconds < 1e-3 { return short(seconds * 1e6) + " us" }
    return seconds < 1 ? short(seconds * 1e3) + " ms" : short(seconds) + " s"
  }

  static func span(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return missing }
    let (minutes, hours) = (Int(seconds) / 60, Int(seconds) / 3_600)
    if hours >= 24 { return "\(hours / 24) d \(hours % 24) h" }
    if hours > 0 { return "\(hours) h \(minutes % 60) min" }
    return minutes > 0 ? "\(minutes) min" : "\(Int(seconds)) s"
  }

  /// A bar of so many places, filled to a share.
  static func bar(_ share: Double?, width: Int) -> String {
    let share = min(1, max(0, share.flatMap { $0.isFinite ? $0 : nil } ?? 0))
    let full = Int((share * Double(width)).rounded())
    return String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
  }

  private static func scaled(
    _ value: Double, _ units: [String], by step: Double, from limit: Double
  ) -> String {
    var (value, unit) = (value, 0)
    if abs(value) >= limit {
      while abs(value) >= step && unit < units.count - 1 {
        value /= step
        unit += 1
      }
    }
    return (unit == 0 ? fixed(value, 0) : short(value)) + units[unit]
  }

  private static func short(_ value: Double) -> String { fixed(value, abs(value) < 9.95 ? 1 : 0) }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    guard abs(value) < 1e15 else { return "\(value)" }
    let scale = digits == 1 ? 10.0 : 1
    let tenths = Int((value * scale).rounded())
    if digits == 0 { return "\(tenths)" }
    return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  /// As much as fits into so many columns, with a mark where something is missing.
  static func cut(_ text: String, to columns: Int) -> String {
    if width(text) <= columns { return text }
    var (kept, used) = ("", 0)
    for scalar in text.unicodeScalars {
      let columnsTaken = width(scalar)
      if used + columnsTaken > columns - 1 { break }
      kept.unicodeScalars.append(scalar)
      used += columnsTaken
    }
    return columns > 0 ? kept + "~" : ""
  }

  /// Followed by spaces up to so many columns, or cut.
  static func left(_ text: String, _ columns: Int) -> String {
    let cut = cut(text, to: columns)
    return cut + String(repeating: " ", count: max(0, columns - width(cut)))
  }

  static func right(_ text: String, _ columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - width(text))) + text
  }

  private static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  /// Terminals give two columns to what comes from East Asia, and to pictures.
  private static func width(_ scalar: UnicodeScalar) -> Int {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F000...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }
}
