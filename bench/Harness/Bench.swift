import Glibc
import TestSupport

/// Measures what a request costs each server: starts them all, sends them the same loads in turn,
/// and compares the processor time their threads took.
///
/// ```
/// for each load:  warm up A B C,  then round 1: A B C,  round 2: A B C, …
/// ```
///
/// Rounds are interleaved, so that whatever disturbs the machine disturbs all servers; ratios are
/// taken within a round.
final class Bench {
  let options: Options
  let directory: String
  /// What a command is prefixed with to stay on its core.
  let serverPin: [String]
  let loadPin: [String]

  init(_ options: Options) throws {
    self.options = options
    directory = try TemporaryDirectory.make()
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let canPin =
      options.serverCore != options.loadCore && max(options.serverCore, options.loadCore) < cores
      && Candidate.isInstalled("taskset")
    if !canPin {
      print("not pinned: needs taskset, and cores \(options.serverCore) and \(options.loadCore)")
    }
    serverPin = canPin ? ["taskset", "-c", "\(options.serverCore)"] : []
    loadPin = canPin ? ["taskset", "-c", "\(options.loadCore)"] : []
  }

  deinit { TemporaryDirectory.remove(directory) }

  func run() throws -> Results {
    var candidates = try options.servers.compactMap { try Candidate.start(known: $0, self) }
    candidates += try options.custom.compactMap {
      try Candidate.start(name: $0.name, command: $0.command, self)
    }
    var results = Results(baseline: options.baseline)
    for kind in options.loads {
      for depth in options.depths {
        let load = Load(kind, depth: depth, requestsAtDepthOne: options.requests)
        let warmUp = Load(kind, depth: depth, requestsAtDepthOne: max(options.requests / 10, 1))
        for candidate in candidates { _ = try measure(warmUp, candidate) }
        for _ in 0..<options.rounds {
          for candidate in candidates {
            results.add(try measure(load, candidate), load: load.name, server: candidate.name)
          }
        }
      }
    }
    return results
  }

  private func measure(_ load: Load, _ candidate: Candidate) throws -> Results.Sample {
    let before = try ProcessorTime.nanoseconds(of: candidate.pid)
    let outcome: Load.Outcome
    do {
      outcome = try load.run(
        port: candidate.port, pin: loadPin, options: options, directory: directory)
    } catch {
      throw ToolError("\(candidate.name): \(error)")
    }
    let after = try ProcessorTime.nanoseconds(of: candidate.pid)
    guard after > before else { throw ToolError("\(candidate.name): a thread ended meanwhile") }
    return Results.Sample(
      microsecondsPerRequest: Double(after - before) / 1_000 / Double(outcome.requests),
      requestsPerSecond: outcome.requestsPerSecond)
  }
}
