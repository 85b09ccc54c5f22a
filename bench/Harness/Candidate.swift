import Glibc
import TestSupport

/// A server under test, running.
final class Candidate {
  let name: String
  let port: UInt16
  private let process: ChildProcess?
  private let redis: RedisServer?
  private let isRedisItself: Bool

  var pid: Int32 { isRedisItself ? redis?.pid ?? 0 : process?.pid ?? 0 }

  private init(redis: RedisServer) {
    name = "redis"
    port = redis.port
    self.redis = redis
    process = nil
    isRedisItself = true
  }

  private init(name: String, port: UInt16, process: ChildProcess, redis: RedisServer?) {
    self.name = name
    self.port = port
    self.process = process
    self.redis = redis
    isRedisItself = false
  }

  /// Starts one of the servers that are known by name; nil, having said why, where it is not
  /// installed.
  static func start(known name: String, _ bench: Bench) throws -> Candidate? {
    if bench.options.isHTTP { return try start(knownForHTTP: name, bench) }
    switch name {
    case "redis":
      guard RedisServer.isInstalled else { return skip(name, "redis-server is not installed") }
      let redis = try RedisServer(prefix: bench.serverPin)
      try preload(port: redis.port, bench.options)
      return Candidate(redis: redis)
    case "floor":
      return try start(
        name: name, program: "floor", arguments: "{port} resp \(bench.options.valueBytes)", bench)
    case "memory":
      if bench.options.loads.contains(.incr) { return skip(name, "it knows no INCR") }
      return try start(name: name, program: "memory-server", arguments: "{port}", bench)
    case "proxyd":
      let proxyd = try start(
        name: name, program: "proxyd",
        arguments: "--resp-port {port} --http-port 0 --threads 1"
          + " --admin-port 0 --redis-url redis://127.0.0.1:{redis}", bench)
      if let proxyd, bench.options.loads.contains(.get) {
        try warm(port: proxyd.port, bench.options)
      }
      return proxyd
    case "nutcracker":
      guard isInstalled("nutcracker") else { return skip(name, "nutcracker is not installed") }
      let stats = try Loopback.freePort()
      let command = "nutcracker -c {directory}/nutcracker-{port}.yml -a 127.0.0.1 -s \(stats)"
      return try start(name: name, command: command, bench) { port, redis in
        try TextFile.write(
          """
          pool:
            listen: 127.0.0.1:\(port)
            redis: true
            hash: fnv1a_64
            distribution: modula
            servers:
              - 127.0.0.1:\(redis):1

          """, to: "\(bench.directory)/nutcracker-\(port).yml")
      }
    default: throw Options.Misuse(reason: "no server \(name) is known; give it with --server")
    }
  }

  /// Starts one of the package's own programs, which are built beside this one.
  static func start(
    name: String, program: String, arguments: String, _ bench: Bench
  ) throws -> Candidate? {
    let program = try executableDirectory() + "/" + program
    guard unsafe access(program, X_OK) == 0 else { return skip(name, "\(program) is not built") }
    return try start(name: name, command: "\(program) \(arguments)", bench)
  }

  /// Starts a server by its command, with a redis-server behind it if it asks for one.
  static func start(
    name: String, command: String, _ bench: Bench,
    configure: ((_ port: UInt16, _ redis: UInt16) throws -> Void)? = nil
  ) throws -> Candidate? {
    var redis: RedisServer?
    if command.contains("{redis}") || (configure != nil && !bench.options.isHTTP) {
      guard RedisServer.isInstalled else { return skip(name, "redis-server is not installed") }
      let behind = try RedisServer(prefix: bench.loadPin)
      try preload(port: behind.port, bench.options)
      redis = behind
    }
    let port = try Loopback.freePort()
    try configure?(port, redis?.port ?? 0)
    let words =
      command
      .replacing("{port}", with: "\(port)")
      .replacing("{redis}", with: "\(redis?.port ?? 0)")
      .replacing("{directory}", with: bench.directory)
    let log = "\(bench.directory)/\(name).log"
    // The shell becomes the program, so that the pid is the program's.
    let process = try ChildProcess(
      bench.serverPin + ["/bin/sh", "-c", "exec \(words)"], output: log, scratch: bench.directory)
    while process.isRunning {
      if bench.options.isHTTP ? answersHTTP(port) : answersRESP(port) {
        if redis == nil, name != "floor", !bench.options.isHTTP {
          try preload(port: port, bench.options)
        }
        return Candidate(name: name, port: port, process: process, redis: redis)
      }
      usleep(20_000)
    }
    throw ToolError("\(name) ended instead of serving: \(try TextFile.read(log).suffix(500))")
  }

  private static func answersRESP(_ port: UInt16) -> Bool {
    let connection = try? RESPConnection(port: port, timeoutSeconds: 1)
    return (try? connection?.query("GET", "key:000000000000")) != nil
  }

  /// Sets every key that the loads will ask for.
  private static func preload(port: UInt16, _ options: Options) throws {
    let connection = try RESPConnection(port: port)
    let value = String(repeating: "x", count: options.valueBytes)
    var key = 0
    while key < options.keys {
      let batch = key..<min(key + 500, options.keys)
      for key in batch {
        let digits = "\(key)"
        let zeros = String(repeating: "0", count: 12 - digits.count)
        try connection.send(["SET", "key:\(zeros)\(digits)", value])
      }
      for _ in batch {
        let reply = try connection.receive()
        guard reply == .simple("OK") else { throw ToolError("preloading: \(reply)") }
      }
      key = batch.upperBound
    }
  }

  /// Asks for every key once, so that the loads measure what is in memory.
  private static func warm(port: UInt16, _ options: Options) throws {
    let connection = try RESPConnection(port: port)
    for start in stride(from: 0, to: options.keys, by: 500) {
      let batch = start..<min(start + 500, options.keys)
      for key in batch {
        let digits = "\(key)"
        try connection.send(
          ["GET", "key:\(String(repeating: "0", count: 12 - digits.count))\(digits)"])
      }
      for _ in batch { _ = try connection.receive() }
    }
  }

  static func skip(_ name: String, _ reason: String) -> Candidate? {
    print("skipped \(name): \(reason)")
    return nil
  }

  static func isInstalled(_ program: String) -> Bool {
    (try? ChildProcess(["sh", "-c", "command -v \(program)"]).wait()) == 0
  }

  private static func executableDirectory() throws -> String {
    var path = [CChar](repeating: 0, count: 4_096)
    let length = unsafe readlink("/proc/self/exe", &path, path.count)
    guard length > 0, let slash = path[..<max(length, 0)].lastIndex(of: 47) else {
      throw ToolError("where this program is cannot be read")
    }
    return String(decoding: path[..<slash].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
