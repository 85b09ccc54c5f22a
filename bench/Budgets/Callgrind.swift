import Foundation
import TestSupport

/// Counts the instructions of whole runs of a program. What two runs differ in is what one of them was asked for
/// in addition: starting and ending cost both the same.
struct Callgrind {
  private static let folder = ".build/callgrind"
  /// How many batches of each load every run begins with, so that nothing is done for the first time later.
  private static let warmUpBatches = 100

  /// What notes hot keys: of how many reads, depends on how many come in a second, so it is not counted.
  private static let timeDependent = "9ProxyCore6WorkerC4note"

  static let isInstalled = {
    guard let probe = try? ChildProcess(["valgrind", "--version"]) else { return false }
    return probe.wait() == 0
  }()

  /// How to find out where instructions of the load called `name` go.
  static func advice(_ name: String) -> String {
    Load.all.contains { $0.name == name }
      ? "callgrind_annotate \(folder)/\(name)" : "nm --size-sort .build/static/release/proxyd"
  }

  private let program: String
  private let redis: RedisServer

  init(_ program: String) throws {
    self.program = program
    redis = try RedisServer()
    try redis.query("SET", "n", Load.counter)
    try FileManager.default.createDirectory(
      atPath: Self.folder, withIntermediateDirectories: true)
  }

  /// All instructions of a run: the warm-up, and `load`.
  func instructions(besides load: Load?) throws -> Int {
    let output = "\(Self.folder)/\(load?.name ?? "base")"
    let (resp, http) = (try Loopback.freePort(), try Loopback.freePort())
    let log = "\(output).log"
    try? FileManager.default.removeItem(atPath: log)
    try redis.query("SET", "n", Load.counter)
    // A log of slow requests would have all of them: nothing is fast here.
    let process = try ChildProcess(
      [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=\(output)", program,
        "--config", "/dev/null", "--threads", "1", "--slowlog-slower-than", "1000",
        "--cache-ttl", "0", "--resp-port", "\(resp)", "--http-port", "\(http)", "--admin-port", "0",
        "--redis-url", "redis://127.0.0.1:\(redis.port)",
      ], output: log)
    while !text(log).contains("RESP on 127.0.0.1:\(resp), ") {
      guard process.isRunning else { throw ToolError("it has ended: \(text(log))") }
      usleep(20_000)
    }
    let clients = try [Load.Front.resp: Client(resp), .http: Client(http)]
    _ = try RESPConnection(port: resp).query("SET", "k", Load.value)
    for load in Load.all { try clients[load.front]?.send(load, batches: Self.warmUpBatches) }
    if let load { try clients[load.front]?.send(load, batches: load.batches) }
    process.signal(SIGTERM)
    guard process.wait() == 0 else { throw ToolError("it does not end: \(text(log))") }
    guard let count = count(text(output)) else {
      throw ToolError("callgrind has counted nothing: \(text(log))")
    }
    return count
  }

  /// All instructions in a profile, but for those of calls that depend on the time.
  private func count(_ profile: String) -> Int? {
    var names: Set<Substring> = []
    var (isLeftOut, isCost) = (false, false)
    var (total, leftOut): (Int?, Int) = (nil, 0)
    for line in profile.split(separator: "\n") {
      if isCost {
        leftOut += line.split(separator: " ").last.flatMap { Int($0) } ?? 0
        isCost = false
      } else if line.hasPrefix("cfn=") || line.hasPrefix("fn=") {
        // The first of its lines has the name behind a number, the others only that.
        let number = line.drop { $0 != "(" }.prefix { $0 != " " }
        if line.contains(Self.timeDependent) { names.insert(number) }
        if line.hasPrefix("c") { isLeftOut = names.contains(number) }
      } else if line.hasPrefix("calls=") {
        isCost = isLeftOut
      } else if line.hasPrefix("totals: ") {
        total = Int(line.dropFirst(8))
      }
    }
    return total.map { $0 - leftOut }
  }

  private func text(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}

/// One connection, which waits for the answers to a batch before it sends the next one.
private final class Client {
  private let socket: Int32

  init(_ port: UInt16) throws {
    socket = try Loopback.connect(port: port)
    Loopback.setTimeout(socket, seconds: 60)
  }

  deinit { close(socket) }

  func send(_ load: Load, batches: Int) throws {
    let batch = load.batch
    for _ in 0..<batches {
      try Loopback.send(batch, to: socket)
      var answer: [UInt8] = []
      repeat {
        let piece = try Loopback.receive(from: socket)
        if piece.isEmpty { throw ToolError("\(load.name): it hangs up") }
        answer += piece
      } while !isWhole(answer, load)
    }
  }

  private func isWhole(_ answer: [UInt8], _ load: Load) -> Bool {
    guard let replyBytes = load.replyBytes else {
      return answer.reversed().starts(with: Load.value.utf8.reversed())
    }
    return answer.count >= replyBytes * load.depth
  }
}
