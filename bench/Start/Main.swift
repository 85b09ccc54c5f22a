import Glibc
import TestSupport

/// `bench-start [PROGRAM [ROUNDS]]`: how soon a proxyd that is started answers, and what memory it has
/// while it does nothing.
@main struct Main {
  static func main() {
    guard RedisServer.isInstalled else {
      print("skipped all: redis-server is not installed")
      return
    }
    let words = CommandLine.arguments.dropFirst()
    let program = words.first ?? ".build/release/proxyd"
    guard words.count <= 2, let rounds = Int(words.dropFirst().first ?? "20"), rounds > 0 else {
      print("usage: bench-start [PROGRAM [ROUNDS]]")
      exit(64)
    }
    do {
      let redis = try RedisServer()
      let starts = try (0..<rounds).map { _ in try Start(of: program, redis: redis) }
      report("ready after ms", starts.map(\.milliseconds))
      report("idle RSS, MiB", starts.map(\.mebibytes))
    } catch {
      print("bench-start: \(error)")
      exit(1)
    }
  }

  private static func report(_ what: String, _ values: [Double]) {
    let sorted = values.sorted()
    let rounded = [sorted[sorted.count / 2], sorted[0], sorted[sorted.count - 1]].map { value in
      "\((value * 10).rounded() / 10)"
    }
    print("\(what): median \(rounded[0]), least \(rounded[1]), most \(rounded[2])")
  }
}

/// One start, and its end.
private struct Start {
  /// From before the process is made to the first answer.
  let milliseconds: Double
  let mebibytes: Double

  init(of program: String, redis: RedisServer) throws {
    let port = try Loopback.freePort()
    let begin = Self.now()
    let process = try ChildProcess([
      program, "--resp-port", "\(port)", "--http-port", "0", "--redis-port", "\(redis.port)",
      "--admin-port", "\(try Loopback.freePort())",
    ])
    while true {
      guard process.isRunning else { throw ToolError("\(program) does not start") }
      if let reply = try? RESPConnection(port: port).query("GET", "key"), reply == .bulk(nil) {
        break
      }
    }
    milliseconds = (Self.now() - begin) * 1_000
    // Until it has learned what Redis's commands are, and settled down.
    sleep(1)
    mebibytes =
      Double(Self.residentPages(of: process.pid)) * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
    process.signal(SIGTERM)
    guard process.wait() == 0 else { throw ToolError("\(program) does not end") }
  }

  /// Seconds since some start.
  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
  }

  private static func residentPages(of pid: Int32) -> Int {
    guard let file = unsafe fopen("/proc/\(pid)/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [UInt8](repeating: 0, count: 256)
    let count = unsafe fread(&line, 1, line.count, file)
    let fields = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
  }
}
