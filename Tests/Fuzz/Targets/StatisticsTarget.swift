import Daemon

/// What `proxyd top` was answered, by whomever: two documents with a zero byte between them. What is shown
/// fits the terminal, and has nothing in it that a terminal would obey.
enum StatisticsTarget {
  static func run(_ input: [UInt8]) {
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard let now = parts.first.flatMap({ JSONValue(Array($0)) }) else { return }
    let before = parts.count > 1 ? JSONValue(Array(parts[1])) ?? .null : now
    for (columns, rows) in [(80, 24), (1, 1), (0, 3), (200, 100)] {
      let lines = TopFrame.lines(
        now, after: before, seconds: 1, columns: columns, rows: rows, present: 1e9)
      demand(lines.count <= rows, "\(lines.count) lines in \(rows)")
      for line in lines {
        demand(
          line.unicodeScalars.count <= columns && line.unicodeScalars.allSatisfy(isHarmless),
          "\(line.debugDescription) in \(columns)")
      }
    }
  }

  /// Whether it neither moves nor turns what is beside it.
  private static func isHarmless(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: false
    default: true
    }
  }
}
