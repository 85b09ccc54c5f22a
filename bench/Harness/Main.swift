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
    let program = options.isHTTP ? "wrk" : "redis-benchmark"
    guard Candidate.isInstalled(program) else {
      return print("skipped all: \(program) is not installed")
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
