import Foundation
import TestSupport

/// What a program brings along.
enum Footprint {
  /// How large it is without what only debuggers read.
  static func bytes(of program: String) throws -> Int {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let stripped = directory + "/program"
    guard try ChildProcess(["strip", "-o", stripped, program]).wait() == 0 else {
      throw ToolError("\(program) cannot be stripped")
    }
    return try Data(contentsOf: URL(filePath: stripped)).count
  }

  /// Foundation costs milliseconds of every start, and megabytes: neither the program nor a source may
  /// have it.
  static func complaints(_ program: String) throws -> [String] {
    var places: [String] = []
    let image = try Data(contentsOf: URL(filePath: program))
    if image.range(of: Data("libFoundation".utf8)) != nil
      || image.range(of: Data("$s10Foundation".utf8)) != nil
    {
      places.append(program)
    }
    let files = FileManager.default.enumerator(atPath: "Sources")?.compactMap { $0 as? String }
    for file in (files ?? []).sorted() where file.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "Sources/\(file)", encoding: .utf8)
      let imports = text.split(separator: "\n").filter { $0.contains("import Foundation") }
      if !imports.isEmpty { places.append("Sources/\(file)") }
    }
    return places.map { "\($0) has Foundation in it, which the program does without" }
  }
}
