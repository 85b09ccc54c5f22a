private import Glibc

/// A redis-server of a test's own: on a free port of 127.0.0.1, in a directory of its own, gone
/// with the test.
public final class RedisServer: Sendable {
  /// Where it listens; the same after a restart.
  public let port: UInt16
  /// Its working directory, removed with it.
  public let directory: String
  private let arguments: [String]
  private let process: Shared<ChildProcess>

  /// Whether the program is installed. Tests that need it are skipped otherwise.
  public static let isInstalled = {
    guard let probe = try? ChildProcess(["redis-server", "--version"]) else { return false }
    return probe.wait() == 0
  }()

  /// Starts a server and waits until it answers.
  ///
  /// - Parameters:
  ///   - arguments: More options, `["--maxmemory", "1mb"]`.
  ///   - persistent: Whether what it holds survives `restart()`.
  ///   - prefix: A command to run it with, `["taskset", "-c", "0"]`.
  public init(
    arguments: [String] = [], persistent: Bool = false, prefix: [String] = []
  ) throws {
    directory = try TemporaryDirectory.make()
    let persistence = persistent ? ["--appendonly", "yes"] : ["--appendonly", "no"]
    let common =
      prefix + ["redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", directory]
      + persistence + arguments
    self.arguments = common
    var failure: any Error = ToolError("redis-server was not started")
    // Somebody else may take a free port first, so another is tried.
    for _ in 0..<Self.attemptsMax {
      do {
        let port = try Loopback.freePort()
        process = Shared(try Self.start(common, port: port, directory: directory))
        self.port = port
        return
      } catch { failure = error }
    }
    TemporaryDirectory.remove(directory)
    throw failure
  }

  deinit {
    stop()
    TemporaryDirectory.remove(directory)
  }

  /// Its process id.
  public var pid: Int32 { process.value.pid }

  /// Ends it at once, with SIGKILL. `restart()` brings it back.
  public func stop() { process.value.stop() }

  /// Stops it, if it runs, and starts it again on its port.
  public func restart() throws {
    stop()
    let next = try Self.start(arguments, port: port, directory: directory)
    process.change { $0 = next }
  }

  /// SIGSTOP: it keeps its connections and answers nobody.
  public func pause() { process.value.signal(SIGSTOP) }

  /// SIGCONT, after `pause()`.
  public func resume() { process.value.signal(SIGCONT) }

  /// A new connection.
  public func connect() throws -> RESPConnection { try RESPConnection(port: port) }

  /// One command on a connection of its own.
  @discardableResult
  public func query(_ words: String...) throws -> RESPReply {
    let connection = try connect()
    try connection.send(words)
    return try connection.receive()
  }

  private static let attemptsMax = 10

  private static func start(
    _ arguments: [String], port: UInt16, directory: String
  ) throws -> ChildProcess {
    let log = directory + "/log"
    let process = try ChildProcess(
      arguments + ["--port", "\(port)"], output: log, scratch: directory)
    while process.isRunning {
      if let connection = try? RESPConnection(port: port, timeoutSeconds: 1),
        let pong = try? connection.query("PING"), pong == .simple("PONG"),
        let details = try? connection.query("INFO", "server"), let text = details.text
      {
        // Somebody else's server may have had the port first.
        if text.contains("process_id:\(process.pid)\r\n") { return process }
        break
      }
      usleep(pollMicroseconds)
    }
    process.stop()
    throw ToolError("redis-server did not start on port \(port)")
  }

  private static let pollMicroseconds: UInt32 = 5_000

}
