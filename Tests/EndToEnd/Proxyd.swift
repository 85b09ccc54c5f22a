import Glibc
import TestSupport

@testable import Daemon

/// The built program, on a free port, ended with its test.
final class Proxyd: Sendable {
  let port: UInt16
  let httpPort: UInt16
  let adminPort: UInt16
  private let process: ChildProcess
  let redis: RedisServer
  private let directory: String

  /// Starts it and waits until it says that it serves.
  ///
  /// - Parameters:
  ///   - redis: The server behind it; one of its own where it is nil.
  ///   - variables: More of its environment.
  ///   - launcher: What is to start it, before its own words.
  init(
    _ flags: [String] = [], redis: RedisServer? = nil, variables: [String] = [],
    launcher: [String] = []
  ) throws {
    directory = try TemporaryDirectory.make()
    self.redis = try redis ?? RedisServer()
    var failure: any Error = ToolError("proxyd was not started")
    // Somebody else may take a free port first, so another is tried.
    for _ in 0..<10 {
      do {
        let port = try Loopback.freePort()
        let httpPort = try Loopback.freePort()
        let adminPort = try Loopback.freePort()
        let ports = [
          "--resp-port", "\(port)", "--http-port", "\(httpPort)", "--admin-port", "\(adminPort)",
        ]
        process = try Self.start(
          launcher + [Self.path()] + ports
            + ["--redis-url", "redis://127.0.0.1:\(self.redis.port)"] + flags,
          variables: variables, port: port, directory: directory)
        self.port = port
        self.httpPort = httpPort
        self.adminPort = adminPort
        return
      } catch { failure = error }
    }
    TemporaryDirectory.remove(directory)
    throw failure
  }

  private static func start(
    _ words: [String], variables: [String], port: UInt16, directory: String
  ) throws -> ChildProcess {
    let log = "\(directory)/\(port)"
    let process = try ChildProcess(
      words, output: log, variables: plain(variables), scratch: directory)
    while !text(of: log).contains("RESP on 127.0.0.1:\(port), ") {
      guard process.isRunning else { throw ToolError("it ended: \(text(of: log))") }
      usleep(5_000)
    }
    return process
  }

  deinit {
    if Self.countsCoverage { endByItself() }
    process.stop()
    TemporaryDirectory.remove(directory)
  }

  /// What of a program was executed is written down when it ends by itself, and not when it is killed.
  private static let countsCoverage = unsafe getenv("LLVM_PROFILE_FILE") != nil

  /// Lets it end, for longer than it takes by default.
  private func endByItself() {
    process.signal(SIGTERM)
    for _ in 0..<3_000 where process.isRunning { usleep(5_000) }
  }

  var isRunning: Bool { process.isRunning }

  var pid: Int32 { process.pid }

  /// What it has said so far.
  var log: String { Self.text(of: "\(directory)/\(port)") }

  func signal(_ number: Int32) { process.signal(number) }

  /// Its exit status, once it has ended.
  func wait() -> Int32 { process.wait() }

  /// What it tells of itself under this name.
  func figure(_ name: String, _ client: RESPConnection? = nil) -> Int? {
    guard let text = try? (client ?? connect()).query("INFO", "proxy").text else { return nil }
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("\(name):") }
    return line.flatMap { Int($0.dropFirst(name.count + 1)) }
  }

  func connect() throws -> RESPConnection { try RESPConnection(port: port) }

  /// Sends a signal and waits for the end; the exit status.
  func end(by signal: Int32) -> Int32 {
    process.signal(signal)
    return process.wait()
  }

  /// Runs the program to its end: its exit status and what it printed.
  static func run(
    _ flags: [String], variables: [String] = []
  ) throws -> (status: Int32, output: String) {
    try run(program: path(), flags, variables: variables)
  }

  static func run(
    program: String, _ words: [String], variables: [String] = []
  ) throws -> (status: Int32, output: String) {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let log = directory + "/log"
    let status = try ChildProcess(
      [program] + words, output: log, variables: plain(variables)
    ).wait()
    return (status, text(of: log))
  }

  /// These variables, and no settings that whoever runs the tests has in the environment.
  private static func plain(_ variables: [String]) -> [String] {
    let said = Set(variables.map { $0.prefix { $0 != "=" } })
    let others = Setting.all.map(\.name).filter { !said.contains($0[...]) }
    return variables + others.map { "\($0)=" }
  }

  /// Beside the tests' own program.
  static func path() throws -> String {
    var path = [CChar](repeating: 0, count: 4_096)
    let length = unsafe readlink("/proc/self/exe", &path, path.count)
    guard length > 0, let slash = path[..<max(length, 0)].lastIndex(of: 47) else {
      throw ToolError("where this program is cannot be read")
    }
    return String(decoding: path[..<slash].map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/proxyd"
  }

  static func text(of path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

extension RESPReply {
  var isError: Bool { if case .error = self { true } else { false } }
}
