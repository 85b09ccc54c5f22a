import Glibc
import TestSupport

/// A server under test, running.
final class Candidate {
  let name: String
  /// Where loads go.
  let port: UInt16
  /// What loads over HTTP ask for.
  let path: String
  /// From before the process was made to its first answer.
  let readyAfter: Duration
  /// The Redis behind it, or that it is.
  let redis: (port: UInt16, pid: Int32)?
  private let process: ChildProcess
  private let behind: RedisServer?
  private let relay: Relay?

  var pid: Int32 { process.pid }

  /// How a server is started: by a command in which `{port}`, `{redis}`, `{directory}` and `{settings}`
  /// are replaced.
  struct Recipe {
    let name: String
    let command: String
    /// Whether a redis-server is started for it, with every key that loads will ask for.
    var needsRedis = false
    /// Whether it is to be given the keys itself.
    var isFilled = false
    var isHTTP = false
    var path = Load.path
    /// What is in the file `{settings}`, with the same replaced in it.
    var settings: String?
  }

  /// Starts a server, and waits until it answers.
  init(_ recipe: Recipe, _ bench: Bench) throws {
    let options = bench.options
    name = recipe.name
    path = recipe.path
    behind = recipe.needsRedis ? try RedisServer(prefix: bench.loadPin) : nil
    if let behind { try Self.fill(behind.port, options) }
    let own = try Loopback.freePort()
    let isRedis = recipe.name == "redis"
    let far = isRedis ? own : behind?.port
    relay = try options.delayMilliseconds > 0 ? far.map(Relay.init(to:)) : nil
    relay?.delay(.milliseconds(options.delayMilliseconds), .toTarget)
    port = isRedis ? relay?.port ?? own : own
    let redisPort = relay?.port ?? behind?.port ?? 0
    // Envoy goes by the ending; the others do not care.
    let settingsFile = "\(bench.directory)/\(name)-\(own).yaml"
    func filledIn(_ text: String) -> String {
      text.replacing("{port}", with: "\(own)").replacing("{redis}", with: "\(redisPort)")
        .replacing("{directory}", with: bench.directory)
        .replacing("{settings}", with: settingsFile)
    }
    if let settings = recipe.settings {
      try TextFile.write(filledIn(settings), to: settingsFile)
    }
    let log = "\(bench.directory)/\(name)-\(own).log"
    let begin = ContinuousClock.now
    // The shell becomes the program, so that the pid is the program's.
    process = try ChildProcess(
      bench.serverPin + ["/bin/sh", "-c", "exec \(filledIn(recipe.command))"], output: log,
      scratch: bench.directory)
    while !(recipe.isHTTP ? Self.answersHTTP(own, path) : Self.answersRESP(own)) {
      guard process.isRunning else {
        throw ToolError("\(name) ended instead of serving: \(try TextFile.read(log).suffix(500))")
      }
      usleep(1_000)
    }
    readyAfter = ContinuousClock.now - begin
    redis = isRedis ? (own, process.pid) : behind.map { ($0.port, $0.pid) }
    if recipe.isFilled { try Self.fill(own, options) }
  }

  /// Starts one of the servers that are known by name; nil, having said why, where it is not
  /// installed.
  static func start(known name: String, _ bench: Bench) throws -> Candidate? {
    let isHTTP = bench.options.isHTTP
    guard let candidate = try isHTTP ? httpServer(name, bench) : respServer(name, bench) else {
      return nil
    }
    let remembers = bench.options.cacheCapacity != 0 && bench.options.skew == 0
    if name == "proxyd", !isHTTP, remembers, bench.options.loads != [.incr] {
      try Self.generate("\(candidate.port)", "touch", "\(bench.options.keys)")
    }
    return candidate
  }

  /// Starts one that was given by its command.
  static func start(custom: Options.Custom, _ bench: Bench) throws -> Candidate? {
    let needsRedis = custom.command.contains("{redis}")
    return try start(
      Recipe(
        name: custom.name, command: custom.command, needsRedis: needsRedis,
        isFilled: !needsRedis && !bench.options.isHTTP, isHTTP: bench.options.isHTTP), bench)
  }

  /// Starts a server whose program may not be there.
  static func start(_ recipe: Recipe, _ bench: Bench) throws -> Candidate? {
    let program = recipe.command.prefix { $0 != " " }
    guard isInstalled(String(program)) else { return skip(recipe.name, "\(program) is not there") }
    guard !recipe.needsRedis || RedisServer.isInstalled else {
      return skip(recipe.name, "redis-server is not installed")
    }
    return try Candidate(recipe, bench)
  }

  static func skip(_ name: String, _ reason: String) -> Candidate? {
    print("skipped \(name): \(reason)")
    return nil
  }

  static func isInstalled(_ program: String) -> Bool {
    (try? ChildProcess(["sh", "-c", "command -v \(program)"]).wait()) == 0
  }

  /// One of the package's own programs, which are built beside this one.
  static func own(_ program: String) throws -> String {
    var path = [CChar](repeating: 0, count: 4_096)
    let length = unsafe readlink("/proc/self/exe", &path, path.count)
    guard length > 0, let slash = path[..<max(length, 0)].lastIndex(of: 47) else {
      throw ToolError("where this program is cannot be read")
    }
    return String(decoding: path[...slash].map { UInt8(bitPattern: $0) }, as: UTF8.self) + program
  }

  /// Sets every key that the loads will ask for.
  private static func fill(_ port: UInt16, _ options: Options) throws {
    try generate("\(port)", "fill", "\(options.keys)", "\(options.valueBytes)")
  }

  private static func generate(_ words: String...) throws {
    let status = try ChildProcess([try own("load")] + words).wait()
    if status != 0 { throw ToolError("load \(words): exit status \(status)") }
  }

  private static func answersRESP(_ port: UInt16) -> Bool {
    let connection = try? RESPConnection(port: port, timeoutSeconds: 1)
    return (try? connection?.query("GET", "key:000000000000")) != nil
  }

  /// Whether it answers, and has the value.
  private static func answersHTTP(_ port: UInt16, _ path: String) -> Bool {
    guard let socket = try? Loopback.connect(port: port) else { return false }
    defer { close(socket) }
    Loopback.setTimeout(socket, seconds: 1)
    let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    guard (try? Loopback.send(Array(request.utf8), to: socket)) != nil,
      let answer = try? Loopback.receive(from: socket)
    else { return false }
    return String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200 ")
  }
}
