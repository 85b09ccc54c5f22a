import Foundation
import TestSupport
import Testing

/// What is said on standard error, and to those who do not listen.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct LogTests {
  /// A pipe with a name, whose reading end is here.
  private final class NamedPipe {
    let path: String
    let end: Int32
    private let directory: String

    init() throws {
      directory = try TemporaryDirectory.make()
      path = directory + "/pipe"
      guard unsafe mkfifo(path, 0o600) == 0 else { throw ToolError("mkfifo failed") }
      end = unsafe open(path, O_RDONLY | O_NONBLOCK)
    }

    deinit {
      close(end)
      TemporaryDirectory.remove(directory)
    }

    /// All that is in it now.
    func read() -> String {
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let count = unsafe Glibc.read(end, &bytes, bytes.count)
      return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
  }

  /// Starts the program with its log into a pipe, and waits until it serves.
  private func start(
    _ pipe: NamedPipe, _ redis: RedisServer, _ flags: [String]
  ) throws -> (process: ChildProcess, client: RESPConnection) {
    // By which it is known: somebody else may have been given the port meanwhile.
    let secret = "own-\(UInt64.random(in: 0...UInt64.max))"
    for _ in 0..<10 {
      let port = try Loopback.freePort()
      let process = try ChildProcess(
        [
          "sh", "-c", "exec \"$@\" 2>\(pipe.path)", "sh", Proxyd.path(), "--resp-port", "\(port)",
          "--http-port", "0", "--admin-port", "0", "--password", secret,
          "--redis-url", "redis://127.0.0.1:\(redis.port)",
        ] + flags)
      var client: RESPConnection?
      try poll("it serves, or has ended") {
        client = try? RESPConnection(port: port)
        if (try? client?.query("AUTH", secret)) != .simple("OK") { client = nil }
        return client != nil || !process.isRunning
      }
      if let client { return (process, client) }
    }
    throw ToolError("no port stays free")
  }

  /// More lines than a pipe and all buffers before it hold, each a GET that is answered.
  private func fill(_ client: RESPConnection) throws {
    let batch = Array(repeating: Array("*2\r\n$3\r\nGET\r\n$1\r\na\r\n".utf8), count: 1_000)
      .flatMap(\.self)
    for _ in 0..<40 {
      try client.send(bytes: batch)
      let answers = try (0..<1_000).map { _ in try client.receive() }
      #expect(answers.allSatisfy { $0 == .bulk(nil) })
    }
  }

  @Test func `a full pipe holds up no GET, no reload and no end`() throws {
    let pipe = try NamedPipe()
    let redis = try RedisServer()
    defer { redis.stop() }
    let (process, client) = try start(pipe, redis, ["--access-log", "stderr"])
    try fill(client)
    for _ in 0..<100 { process.signal(SIGHUP) }
    try fill(client)
    process.signal(SIGTERM)
    #expect(process.wait() == 0)
  }

  @Test func `who reads again after a while is told how much was lost`() throws {
    let pipe = try NamedPipe()
    let redis = try RedisServer()
    defer { redis.stop() }
    let (process, client) = try start(pipe, redis, ["--access-log", "stderr"])
    try fill(client)
    var text = ""
    try poll("it says so") {
      text += pipe.read()
      return text.contains(" lines of this log were lost: ")
    }
    let count = text.ranges(of: "outcome=").count
    #expect(count > 1_000 && count < 40_000)
    for line in text.split(separator: "\n").dropLast() {
      #expect(line.contains(" resp client=127.0.0.1:") || line.contains(":P "), "\(line)")
    }
    process.signal(SIGTERM)
    try poll("it ends") {
      text += pipe.read()
      return !process.isRunning
    }
    text += pipe.read()
    #expect(text.hasSuffix(" * ended\n"))
  }

  @Test func `lines of JSON are JSON with their fields, until the end`() throws {
    let redis = try RedisServer()
    let proxyd = try Proxyd(
      ["--log-format=json", "--log-level=verbose", "--max-clients=1"], redis: redis)
    let client = try proxyd.connect()
    #expect(try client.query("PING") == .simple("PONG"))
    for _ in 0..<20 { _ = try? proxyd.connect().query("PING") }
    redis.stop()
    try poll("it says that Redis has gone") { proxyd.log.contains("redis-away") }
    #expect(proxyd.end(by: SIGTERM) == 0)
    let script = """
      import json, sys
      lines = [json.loads(line) for line in sys.stdin.read().splitlines()]
      assert all(line['time'].endswith('Z') and line['message'] for line in lines)
      events = [line['event'] for line in lines]
      for event in ('setting', 'started', 'redis-connected', 'redis-away', 'ending', 'ended'):
          assert event in events, events
      refused = [line for line in lines if line['event'] == 'client-refused']
      assert 1 <= len(refused) <= 5 and refused[0]['client'].startswith('127.0.0.1:'), refused
      assert [line['server'] for line in lines if line['event'] == 'redis-away'], lines
      print('parsed')
      """
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let path = directory + "/log"
    try Data(proxyd.log.utf8).write(to: URL(fileURLWithPath: path))
    let (status, output) = try Proxyd.run(
      program: "sh", ["-c", "python3 -c \"$0\" < \"$1\"", script, path])
    #expect(status == 0 && output == "parsed\n", "\(output)")
  }

  @Test func `the journal is told the level of each line, and nobody else`() throws {
    let launcher = [
      "sh", "-c", "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$0\" \"$@\"",
    ]
    let redis = try RedisServer()
    let proxyd = try Proxyd(redis: redis, launcher: launcher)
    try poll("it says that Redis is there") { proxyd.log.contains(" answers\n") }
    redis.stop()
    try poll("it says that Redis has gone") { proxyd.log.contains("connection lost") }
    for line in proxyd.log.split(separator: "\n") {
      #expect(line.hasPrefix(line.contains(" # ") ? "<4>" : "<5>"), "\(line)")
    }
    let other = try Proxyd(variables: ["JOURNAL_STREAM=1:2"])
    #expect(!other.log.contains("<"))
  }
}
