import Glibc
import ProxyCore
import TestSupport

/// What a `RedisClient` gets out of a redis-server, beside redis-benchmark and the same server.
///
/// ```
/// round 1: redis-benchmark, 50 tasks, 500 tasks, redis-benchmark -P 100, pipelines;  round 2: …
/// ```
///
/// Rounds are interleaved and ratios taken within a round, so that whatever disturbs the machine
/// disturbs all; medians are shown. The server, the load generator and the client share the
/// machine's cores as the system sees fit.
struct ClientBench {
  static let keys = 100_000
  static let pipelineDepth = 100

  let rounds: Int
  let requests: Int

  private struct Sample {
    let perSecond: Double
    /// Processor time of this process, in user mode and in the kernel.
    let microseconds: Double
  }

  func run() async throws {
    let server = try RedisServer()
    let redis = try await RedisClient(connectingTo: "redis://127.0.0.1:\(server.port)")
    let names = (0..<Self.keys).map(Self.key)
    try await Self.fill(redis, names)
    var ratios: [String: [Double]] = [:]
    var costs: [String: [Double]] = [:]
    var rates: [String: [Double]] = [:]
    func note(_ name: String, _ sample: Sample, against base: Double) {
      rates[name, default: []].append(sample.perSecond)
      costs[name, default: []].append(sample.microseconds)
      ratios[name, default: []].append(sample.perSecond / base)
    }
    for round in -1..<rounds {
      let count = round < 0 ? requests / 10 : requests
      let single = try Self.redisBenchmark(server.port, requests: count, depth: 1)
      let fifty = try await Self.gets(redis, names, tasks: 50, requests: count)
      let many = try await Self.gets(redis, names, tasks: 500, requests: 2 * count)
      let deep = try Self.redisBenchmark(
        server.port, requests: 8 * count, depth: Self.pipelineDepth)
      let piped = try await Self.pipelines(redis, names, tasks: 50, requests: 8 * count)
      if round < 0 { continue }
      note("redis-benchmark -c 50", Sample(perSecond: single, microseconds: 0), against: single)
      note("get, 50 tasks", fifty, against: single)
      note("get, 500 tasks", many, against: single)
      note("redis-benchmark -c 50 -P 100", Sample(perSecond: deep, microseconds: 0), against: deep)
      note("pipelines of 100, 50 tasks", piped, against: deep)
    }
    print("\(Self.keys) keys in random order, values of 64 bytes; medians of \(rounds) rounds\n")
    print("requests/s  × redis-benchmark  client CPU µs/request")
    let order = [
      "redis-benchmark -c 50", "get, 50 tasks", "get, 500 tasks", "redis-benchmark -c 50 -P 100",
      "pipelines of 100, 50 tasks",
    ]
    for name in order {
      let rate = Self.median(rates[name] ?? [])
      let ratio = Self.median(ratios[name] ?? [])
      let cost = Self.median(costs[name] ?? [])
      print(
        Self.text(rate, 0, width: 10), Self.text(ratio, 2, width: 17),
        Self.text(cost, 2, width: 22), "  " + name)
    }
    await redis.close()
  }

  static func key(_ number: Int) -> [UInt8] {
    let digits = String(number)
    return Array(("key:" + String(repeating: "0", count: 12 - digits.count) + digits).utf8)
  }

  private static func fill(_ redis: RedisClient, _ names: [[UInt8]]) async throws {
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: 64)
    for start in stride(from: 0, to: names.count, by: 1_000) {
      try await redis.pipeline(names[start..<start + 1_000].map { ["SET", $0, value] })
    }
  }

  private static func gets(
    _ redis: RedisClient, _ names: [[UInt8]], tasks: Int, requests: Int
  ) async throws -> Sample {
    try await measure(requests: requests) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<tasks {
          group.addTask {
            var random = SeededGenerator(seed: UInt64(task))
            for _ in 0..<requests / tasks {
              let name = names[Int.random(in: 0..<names.count, using: &random)]
              guard try await redis.get(name) != nil else { throw ToolError("a key is gone") }
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  private static func pipelines(
    _ redis: RedisClient, _ names: [[UInt8]], tasks: Int, requests: Int
  ) async throws -> Sample {
    try await measure(requests: requests) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<tasks {
          group.addTask {
            var random = SeededGenerator(seed: UInt64(task))
            for _ in 0..<requests / tasks / pipelineDepth {
              let commands = (0..<pipelineDepth).map { _ -> [RedisArgument] in
                let name = names[Int.random(in: 0..<names.count, using: &random)]
                return ["GET", RedisArgument(name)]
              }
              guard try await redis.pipeline(commands).count == pipelineDepth else {
                throw ToolError("replies are missing")
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  private static func measure(
    requests: Int, _ body: () async throws -> Void
  ) async throws -> Sample {
    let processorBefore = processorSeconds()
    let before = Moment.now
    try await body()
    let seconds = Double(Moment.now.nanoseconds - before.nanoseconds) / 1e9
    let processor = processorSeconds() - processorBefore
    return Sample(
      perSecond: Double(requests) / seconds, microseconds: processor * 1e6 / Double(requests))
  }

  private static func processorSeconds() -> Double {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// Requests a second.
  private static func redisBenchmark(
    _ port: UInt16, requests: Int, depth: Int
  ) throws -> Double {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let output = directory + "/output"
    let process = try ChildProcess(
      [
        "redis-benchmark", "-p", "\(port)", "-c", "50", "-n", "\(requests)", "-P", "\(depth)",
        "-t", "get", "-r", "\(keys)", "--csv",
      ], output: output)
    let status = process.wait()
    let last = try lastLine(of: output).split(separator: ",")
    guard status == 0, last.count > 1, let rate = Double(last[1].filter { $0 != "\"" }) else {
      throw ToolError("redis-benchmark did not complete (exit status \(status))")
    }
    return rate
  }

  private static func lastLine(of path: String) throws -> String {
    guard let file = unsafe fopen(path, "r") else { throw ToolError("\(path) cannot be read") }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
  }

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.sorted()[values.count / 2]
  }

  private static func text(_ value: Double, _ digits: Int, width: Int) -> String {
    let scale = digits == 2 ? 100.0 : 1.0
    let scaled = Int((value * scale).rounded())
    var text = "\(digits == 2 ? scaled / 100 : scaled)"
    if digits == 2 { text += scaled % 100 < 10 ? ".0\(scaled % 100)" : ".\(scaled % 100)" }
    return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }
}
