/// Something to measure of several servers: a chapter of the report.
struct Workload {
  /// Servers started together, and the loads that they are sent in turn.
  struct Trial {
    /// What its figures are called, before the depth where there is more than one.
    var title = ""
    let options: Options
  }

  enum Task {
    case loads([Trial])
    /// So many clients that ask for the same key at once, which is only in Redis.
    case crowd(clients: Int, Options)
    /// Starts, one after another.
    case starts([Options])
  }

  let id: String
  let title: String
  let about: String
  /// Of what the task measures, what stands in the README.
  let headlines: [Metric]
  /// And what else is written down.
  var others: [Metric] = []
  let task: Task
}

/// How much of everything.
struct Scale {
  var rounds = 5
  var requests = 20_000
  var zipfKeys = 1_000_000
  var idleConnections = 10_000
  var crowd = 1_000

  static let full = Scale()
  static let quick = Scale(
    rounds: 1, requests: 4_000, zipfKeys: 100_000, idleConnections: 1_000, crowd: 200)
}

extension Workload {
  /// All there are, in the order of the report.
  static func all(_ scale: Scale, proxyd: String?, withEnvoy: Bool) -> [Workload] {
    let tables = WorkloadTables(scale: scale, proxyd: proxyd, withEnvoy: withEnvoy)
    return tables.requests + tables.circumstances
  }
}

/// What all workloads are made of.
private struct WorkloadTables {
  private typealias Trial = Workload.Trial

  let scale: Scale
  let proxyd: String?
  let withEnvoy: Bool

  private var others: [String] {
    ["floor", "proxyd", "redis", "nutcracker"] + (withEnvoy ? ["envoy"] : [])
  }

  private func options(
    _ servers: [String], _ loads: [Load.Kind], _ depths: [Int],
    _ change: (inout Options) -> Void = { _ in }
  ) -> Options {
    var options = Options()
    options.servers = servers
    options.loads = loads
    options.depths = depths
    options.rounds = scale.rounds
    options.requests = scale.requests
    options.seconds = 1
    options.proxyd = proxyd
    options.baseline = servers[0]
    change(&options)
    return options
  }

  private func values(_ title: String, bytes: Int, keys: Int, requestsBy divisor: Int) -> Trial {
    Trial(
      title: title,
      options: options(others, [.get], [1]) {
        $0.valueBytes = bytes
        $0.keys = keys
        $0.requests = scale.requests / divisor
      })
  }

  /// By what is asked for.
  var requests: [Workload] {
    [
      Workload(
        id: "get", title: "GET from memory",
        about: "Random keys of 10 000, values of 64 bytes, 50 connections.",
        headlines: [.microseconds], others: [.requestsPerSecond],
        task: .loads([Trial(options: options(others, [.get], [1, 16, 64]))])),
      Workload(
        id: "http", title: "HTTP GET from memory",
        about: """
          One key of 64 bytes, 50 kept connections. nginx answers a constant of the same length from its \
          settings; webdis asks Redis each time.
          """,
        headlines: [.microseconds], others: [.requestsPerSecond],
        task: .loads([
          Trial(options: options(["floor", "proxyd", "nginx", "webdis"], [.http], [1, 16]))
        ])),
      Workload(
        id: "pass", title: "INCR, passed through",
        about: "Commands that are Redis's to answer: what being in between costs.",
        headlines: [.microseconds], others: [.requestsPerSecond],
        task: .loads([Trial(options: options(others, [.incr], [1, 16, 64]))])),
      Workload(
        id: "miss", title: "GET, never in memory",
        about: "The same keys with `CACHE_CAPACITY=0`: each read is fetched from Redis.",
        headlines: [.microseconds], others: [.requestsPerSecond],
        task: .loads([
          Trial(options: options(others, [.get], [1, 16]) { $0.cacheCapacity = 0 })
        ])),
      Workload(
        id: "mixed", title: "GET and SET, 90 to 10",
        about: """
          Random keys of 10 000. A SET passes through and takes the key out of memory, so that the next \
          GET fetches it.
          """,
        headlines: [.microseconds], others: [.requestsPerSecond, .redisMicroseconds],
        task: .loads([Trial(options: options(others, [.mixed], [1, 16]))])),
    ]
  }

  /// By what else is so meanwhile.
  var circumstances: [Workload] {
    [
      Workload(
        id: "values", title: "GET of larger values",
        about: "From memory, one request at a time on 50 connections.",
        headlines: [.microseconds], others: [.requestsPerSecond],
        task: .loads([
          values("64 B", bytes: 64, keys: 10_000, requestsBy: 1),
          values("4 KiB", bytes: 4_096, keys: 10_000, requestsBy: 1),
          values("1 MiB", bytes: 1 << 20, keys: 16, requestsBy: 50),
        ])),
      Workload(
        id: "zipf", title: "Zipf 0.99, Redis 1 ms away",
        about: """
          GETs of \(scale.zipfKeys) keys, of which proxyd may keep a tenth; 8 connections, one request at \
          a time each. A relay makes the path to Redis 1 ms longer. redis-server stands for clients that \
          go there themselves.
          """,
        headlines: [.requestsPerSecond, .redisMicroseconds, .redisGetsPerRequest],
        others: [.microseconds],
        task: .loads([
          Trial(
            options: options(["redis", "proxyd"], [.mixed], [1]) {
              $0.readPercent = 100
              $0.skew = 0.99
              $0.keys = scale.zipfKeys
              $0.cacheCapacity = scale.zipfKeys / 10
              $0.delayMilliseconds = 1
              $0.connections = 8
              $0.seconds = 2
            })
        ])),
      Workload(
        id: "connections", title: "\(scale.idleConnections) idle connections",
        about: """
          Connections that were answered once and are then silent, beside 50 that send one GET at a time. \
          What the kernel keeps of a connection is in nobody's figure.
          """,
        headlines: [.microseconds, .kibibytesPerConnection], others: [.requestsPerSecond],
        task: .loads([
          Trial(
            options: options(others, [.get], [1]) {
              $0.idleConnections = scale.idleConnections
            })
        ])),
      Workload(
        id: "crowd", title: "\(scale.crowd) clients, one cold key",
        about: "All ask at once for a key that is only in Redis, which is 50 ms away.",
        headlines: [.redisGets],
        task: .crowd(
          clients: scale.crowd,
          options(others.filter { $0 != "floor" }, [.get], [1]) { $0.delayMilliseconds = 50 })),
      Workload(
        id: "start", title: "Start",
        about:
          "From before the process is made to its first answer, and its memory a second later.",
        headlines: [.milliseconds, .mebibytes],
        task: .starts([
          options(others, [.get], [1]) { $0.keys = 1 },
          options(["nginx", "webdis"], [.http], [1]) { $0.keys = 1 },
        ])),
    ]
  }
}
