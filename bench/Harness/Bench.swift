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
  private var seed = 0

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
    let candidates = try start()
    var results = Results(baseline: options.baseline)
    var idle: [IdleConnections] = []
    if options.idleConnections > 0 {
      for candidate in candidates {
        let before = try ProcessMemory.residentBytes(of: candidate.pid)
        idle.append(try IdleConnections(options.idleConnections, to: candidate, self))
        let grown = try ProcessMemory.residentBytes(of: candidate.pid) - before
        results.kibibytesPerConnection[candidate.name] =
          Double(grown) / 1_024 / Double(options.idleConnections)
      }
    }
    for kind in options.loads {
      for depth in options.depths {
        let load = Load(kind, depth: depth, requestsAtDepthOne: options.requests)
        for candidate in candidates { try warmUp(load, candidate) }
        for _ in 0..<options.rounds {
          for candidate in candidates {
            results.add(try measure(load, candidate), load: load.name, server: candidate.name)
          }
        }
      }
    }
    return withExtendedLifetime(idle) { results }
  }

  /// All servers that are to be compared, and are installed.
  func start() throws -> [Candidate] {
    try options.servers.compactMap { try Candidate.start(known: $0, self) }
      + options.custom.compactMap { try Candidate.start(custom: $0, self) }
  }

  /// For generators that are to send something else each time.
  func nextSeed() -> Int {
    seed += 1
    return seed
  }

  private func warmUp(_ load: Load, _ candidate: Candidate) throws {
    // A cache that is smaller than what is asked for is first to be full, which pipelines do sooner.
    if options.skew > 0 {
      let deep = Load(load.kind, depth: 64, requestsAtDepthOne: 1)
      for _ in 0..<3 { _ = try measure(deep, candidate) }
    }
    let small = max(options.requests / 10, 1)
    _ = try measure(Load(load.kind, depth: load.depth, requestsAtDepthOne: small), candidate)
  }

  private func measure(_ load: Load, _ candidate: Candidate) throws -> Results.Sample {
    let redisBefore = try candidate.redis.map(RedisWork.init)
    let before = try ProcessorTime.nanoseconds(of: candidate.pid)
    let outcome: Load.Outcome
    do {
      outcome = try load.run(candidate, self)
    } catch {
      throw ToolError("\(candidate.name): \(error)")
    }
    let after = try ProcessorTime.nanoseconds(of: candidate.pid)
    let redisAfter = try candidate.redis.map(RedisWork.init)
    guard after > before else { throw ToolError("\(candidate.name): a thread ended meanwhile") }
    var sample = Results.Sample(
      microsecondsPerRequest: Double(after - before) / 1_000 / Double(outcome.requests),
      requestsPerSecond: outcome.requestsPerSecond)
    if let redisBefore, let redisAfter {
      sample.redisMicrosecondsPerRequest =
        Double(redisAfter.nanoseconds - redisBefore.nanoseconds) / 1_000 / Double(outcome.requests)
      sample.redisGetsPerRequest =
        Double(redisAfter.gets - redisBefore.gets) / Double(outcome.requests)
    }
    return sample
  }
}
