import Glibc
import TestSupport

@main struct Main {
  static func main() {
    let options: Options
    do {
      options = try Options(CommandLine.arguments.dropFirst())
    } catch {
      print("bench: \(error.reason)\n\(Options.usage)")
      exit(64)
    }
    guard Candidate.isInstalled("redis-benchmark") else {
      print("skipped all: redis-benchmark is not installed")
      return
    }
    do {
      let results = try Bench(options).run()
      print(results.table)
      if let path = options.jsonPath { try TextFile.write(results.json, to: path) }
    } catch {
      print("bench: \(error)")
      exit(1)
    }
  }
}
