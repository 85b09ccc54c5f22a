/// All files that are made of a report.
struct Pages {
  let report: Report

  /// What is in the folder of the report beside the report itself, by name.
  var files: [(name: String, text: String)] {
    [("README.md", Markdown(report: report).document)]
      + report.chapters.map { ("\($0.id).svg", Plot(chapter: $0).svg) }
  }

  /// Writes them, and the table into the README.
  func write(folder: String, readme: String) throws {
    for file in files { try TextFile.write(file.text, to: "\(folder)/\(file.name)") }
    let text = try TextFile.read(readme)
    try TextFile.write(Markdown(report: report).inserted(into: text), to: readme)
  }
}
