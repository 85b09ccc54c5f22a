import Foundation
import TestSupport

/// `bench-budgets PROGRAM [--measure]`: what does not depend on how busy a machine is, beside what was
/// committed: instructions a request, the size of the program, and that Foundation is not in it. With
/// `--measure` it is written down anew.
@main struct Main {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard let program = words.first, words.count == 1 || Array(words.dropFirst()) == ["--measure"]
    else {
      print("usage: bench-budgets PROGRAM [--measure]")
      exit(64)
    }
    do {
      let figures = try Figures(of: program)
      if words.count == 2 { return try Budgets(figures).write() }
      let complaints = try Budgets.read().complaints(about: figures) + Footprint.complaints(program)
      if complaints.isEmpty { return }
      for complaint in complaints { print(complaint) }
    } catch {
      print("bench-budgets: \(error)")
    }
    exit(1)
  }
}

/// What was measured, by name, as far as it can be here.
struct Figures {
  private(set) var values: [String: Int] = [:]

  init(of program: String) throws {
    values["program-bytes"] = try Footprint.bytes(of: program)
    guard RedisServer.isInstalled, Callgrind.isInstalled else {
      print("skipped instructions: valgrind or redis-server is not installed: make deps")
      return
    }
    let callgrind = try Callgrind(program)
    let base = try callgrind.instructions(besides: nil)
    for load in Load.all {
      let more = try callgrind.instructions(besides: load) - base
      values[load.name] = Int((Double(more) / Double(load.requests)).rounded())
    }
  }
}
