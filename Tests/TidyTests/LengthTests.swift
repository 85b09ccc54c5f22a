import Testing

/// How long lines, functions and files may be.
@Suite struct LengthTests {
  private static let columnsMax = 120
  private static let functionLinesMax = 70
  private static let fileLinesMax = 400

  @Test func `files, functions and lines are no longer than they may be`() throws {
    for file in try SwiftFile.all("Sources", "Tests", "bench", "Examples") {
      // The last line is empty: the file ends with a line break.
      let count = file.lines.count - 1
      #expect(count <= Self.fileLinesMax, "\(file.path) has \(count) lines")
      for function in file.functions where function.count > Self.functionLinesMax {
        Issue.record("\(file.path):\(function.line) begins a function of \(function.count) lines")
      }
      for (number, line) in file.lines.enumerated() where line.count > Self.columnsMax {
        Issue.record("\(file.path):\(number + 1) has \(line.count) columns")
      }
    }
  }

  @Test func `what is counted is what stands there`() {
    let text = """
      struct A {
        // struct B { func f() {
        let text = "struct C { // \\" {"
        func long(
          _ a: Int
        ) -> Int {
          1
        }

        func short() -> Int { 1 }
      }

      private enum D { case one }
      """
    let file = SwiftFile(path: "Sources/A/A+B.swift", text: text)
    #expect(file.types.map(\.name) == ["A", "D"])
    #expect(file.types.map(\.isPrivate) == [false, true])
    #expect(file.functions.map(\.line) == [4])
    #expect(file.functions.map(\.count) == [5])
    #expect(file.subject == "A")
    #expect(file.mentions == ["A", "Int", "D"])
  }
}
