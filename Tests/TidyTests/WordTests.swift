import Testing

/// Words that make a sentence hard to read: its actor is missing, or it has to be read twice.
@Suite struct WordTests {
  private static let banned = [
    "nobody", "whom", "of which", "as such", "anew", "is to be", "whoever", "somebody",
  ]

  @Test func `sources do without words that hide who does what`() throws {
    for file in try SwiftFile.all("Sources") {
      for (number, line) in file.lines.enumerated() {
        guard line.contains("//") || line.contains("\"") else { continue }
        let words = line.lowercased().split { !$0.isLetter }.joined(separator: " ")
        for word in Self.banned where " \(words) ".contains(" \(word) ") {
          Issue.record("\(file.path):\(number + 1) says \"\(word)\"")
        }
      }
    }
  }
}
