import Foundation
import TestSupport

/// Everything that is measured, one workload after another.
struct Suite {
  var isQuick = false
  var withEnvoy = false
  var proxyd: String?
  /// As many as the scale says, if nil.
  var rounds: Int?
  var requests: Int?

  func run() throws -> Report {
    let begin = ContinuousClock.now
    var scale = isQuick ? Scale.quick : Scale.full
    scale.rounds = rounds ?? scale.rounds
    scale.requests = requests ?? scale.requests
    let files = try Self.raiseFileLimit()
    if files < scale.idleConnections + Self.filesBeside {
      scale.idleConnections = max(files - Self.filesBeside, 1)
      print("only \(scale.idleConnections) idle connections: see ulimit -Hn")
    }
    var report = Report(
      machine: try .here(),
      run: .init(
        date: Date.now.formatted(.iso8601.year().month().day()),
        loadAverageBefore: try Machine.loadAverage(), minutes: 0, isQuick: isQuick,
        rounds: scale.rounds, requests: scale.requests),
      versions: try Machine.versions(
        proxyd: try proxyd ?? Candidate.own("proxyd"), withEnvoy: withEnvoy),
      chapters: [])
    for workload in Workload.all(scale, proxyd: proxyd, withEnvoy: withEnvoy) {
      print("\n\(workload.title)")
      fflush(nil)
      let figures = try workload.figures().filter { !$0.series.isEmpty }
      report.chapters.append(
        .init(id: workload.id, title: workload.title, about: workload.about, figures: figures))
    }
    report.run.minutes = ((ContinuousClock.now - begin) / .seconds(60)).rounded5
    return report
  }

  /// What a server needs beside its idle connections: for those that ask, and for its own files.
  private static let filesBeside = 300

  /// Lets this process, and so the servers that it starts, have as many files open as it may; how
  /// many that is.
  private static func raiseFileLimit() throws -> Int {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard unsafe getrlimit(files, &limit) == 0 else { throw ToolError("getrlimit: \(errno)") }
    limit.rlim_cur = limit.rlim_max
    guard unsafe setrlimit(files, &limit) == 0 else { throw ToolError("setrlimit: \(errno)") }
    return Int(clamping: limit.rlim_max)
  }
}

extension Workload {
  /// Runs it.
  func figures() throws -> [Report.Figure] {
    switch task {
    case .loads(let trials): try trials.flatMap(figures)
    case .crowd(let clients, let options): [try crowd(clients, options)]
    case .starts(let options): try starts(options)
    }
  }

  private func figures(of trial: Trial) throws -> [Report.Figure] {
    let bench = try Bench(trial.options)
    let results = try bench.run()
    print(results.table)
    return trial.options.loads.flatMap { kind in
      trial.options.depths.flatMap { depth in
        let load = Load(kind, depth: depth, requestsAtDepthOne: 1)
        let depthTitle = depth == 1 ? "one at a time" : "pipelines of \(depth)"
        let title = trial.options.depths.count > 1 ? depthTitle : trial.title
        return (headlines + others).map { metric in
          figure(title, metric) { server in
            metric == .kibibytesPerConnection
              ? results.kibibytesPerConnection[server.rawValue].map { [$0] } ?? []
              : results.samples(load: load.name, server: server.rawValue).compactMap(metric.value)
          }
        }
      }
    }
  }

  private func crowd(_ clients: Int, _ options: Options) throws -> Report.Figure {
    let bench = try Bench(options)
    let candidates = try bench.start()
    var gets: [String: [Double]] = [:]
    for round in 0..<options.rounds {
      for candidate in candidates {
        guard let redis = candidate.redis else { continue }
        let key = "crowd:\(round)"
        _ = try RESPConnection(port: redis.port).query("SET", key, "x")
        let crowd = try (0..<clients).map { _ in try RESPConnection(port: candidate.port) }
        let before = try RedisWork(of: redis).gets
        for client in crowd { try client.send(["GET", key]) }
        for client in crowd {
          let reply = try client.receive()
          guard reply == .bulk("x") else { throw ToolError("\(candidate.name): \(reply)") }
        }
        gets[candidate.name, default: []].append(Double(try RedisWork(of: redis).gets - before))
      }
    }
    print(gets)
    return figure("", .redisGets) { gets[$0.rawValue] ?? [] }
  }

  private func starts(_ all: [Options]) throws -> [Report.Figure] {
    var milliseconds: [String: [Double]] = [:]
    var mebibytes: [String: [Double]] = [:]
    for options in all {
      let bench = try Bench(options)
      for _ in 0..<options.rounds {
        for name in options.servers {
          guard let server = try Candidate.start(known: name, bench) else { continue }
          // Until it has settled: proxyd learns what Redis's commands are.
          sleep(1)
          let bytes = try ProcessMemory.residentBytes(of: server.pid)
          milliseconds[name, default: []].append(server.readyAfter / .milliseconds(1))
          mebibytes[name, default: []].append(Double(bytes) / 1_048_576)
        }
      }
    }
    return [
      figure("until it answers", .milliseconds) { milliseconds[$0.rawValue] ?? [] },
      // The floor's is its canned replies and what happens to be linked.
      figure("idle memory", .mebibytes) { $0 == .floor ? [] : mebibytes[$0.rawValue] ?? [] },
    ]
  }

  private func figure(
    _ title: String, _ metric: Metric, _ samples: (Server) -> [Double]
  ) -> Report.Figure {
    let series = Server.allCases.map { server in
      Report.Series(server: server, samples: samples(server).map(\.rounded5))
    }
    return Report.Figure(
      title: title, metric: metric, isHeadline: headlines.contains(metric),
      series: series.filter { !$0.samples.isEmpty })
  }
}

extension Metric {
  /// What a run of a load says about it.
  fileprivate func value(of sample: Results.Sample) -> Double? {
    switch self {
    case .microseconds: sample.microsecondsPerRequest
    case .requestsPerSecond: sample.requestsPerSecond
    case .redisMicroseconds: sample.redisMicrosecondsPerRequest
    case .redisGetsPerRequest: sample.redisGetsPerRequest
    case .redisGets, .kibibytesPerConnection, .milliseconds, .mebibytes: nil
    }
  }
}
