import Glibc
import TestSupport

@main struct Main {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    do {
      switch words.first {
      case "suite": try suite(words.dropFirst())
      case "report": try report(words.dropFirst())
      default: try bench(words)
      }
    } catch let misuse as Options.Misuse {
      print("bench: \(misuse.reason)\n\(Options.usage)")
      exit(64)
    } catch {
      print("bench: \(error)")
      exit(1)
    }
  }

  private static func bench(_ words: ArraySlice<String>) throws {
    let options = try Options(words)
    for program in options.generators where !Candidate.isInstalled(program) {
      return print("skipped all: \(program) is not installed")
    }
    let results = try Bench(options).run()
    print(results.table)
    if let path = options.jsonPath { try TextFile.write(results.json, to: path) }
  }

  /// `suite PATH [--quick] [--envoy] [--rounds N] [--requests N] [--proxyd PATH]`
  private static func suite(_ words: ArraySlice<String>) throws {
    var suite = Suite()
    var rest = words.dropFirst()
    guard let path = words.first, !path.hasPrefix("--") else {
      throw Options.Misuse(reason: "suite needs a file to write to")
    }
    while let word = rest.popFirst() {
      switch word {
      case "--quick": suite.isQuick = true
      case "--envoy": suite.withEnvoy = true
      case "--rounds": suite.rounds = try Options.number(rest.popFirst() ?? "", word, 1...1_000)
      case "--requests":
        suite.requests = try Options.number(rest.popFirst() ?? "", word, 100...1_000_000_000)
      case "--proxyd": suite.proxyd = rest.popFirst()
      default: throw Options.Misuse(reason: "unknown option \(word)")
      }
    }
    for program in ["redis-server", "redis-benchmark", "wrk"] {
      guard Candidate.isInstalled(program) else { throw ToolError("\(program) is not installed") }
    }
    let report = try suite.run()
    try TextFile.write(report.json(), to: path)
    print("\n\(Markdown(report: report).summary)")
  }

  /// `report FOLDER README`
  private static func report(_ words: ArraySlice<String>) throws {
    guard words.count == 2, let folder = words.first, let readme = words.last else {
      throw Options.Misuse(reason: "report needs a folder and the README")
    }
    let report = try Report.decode(TextFile.read("\(folder)/results.json"))
    try Pages(report: report).write(folder: folder, readme: readme)
  }
}
