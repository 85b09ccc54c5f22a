import Foundation
import TestSupport

/// The machine that measured, without its name.
struct Machine: Codable, Equatable {
  var processor: String
  var cores: Int
  var memoryGibibytes: Double
  var kernel: String
  var system: String

  static func here() throws -> Machine {
    var names = utsname()
    unsafe uname(&names)
    let release = unsafe withUnsafeBytes(of: &names.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let system = try? value("PRETTY_NAME=", in: "/etc/os-release").replacing("\"", with: "")
    let memory = try value("MemTotal:", in: "/proc/meminfo").split(separator: " ")[0]
    let processor = try? value("model name\t:", in: "/proc/cpuinfo")
    return Machine(
      processor: processor ?? "unknown", cores: ProcessInfo.processInfo.processorCount,
      memoryGibibytes: ((Double(memory) ?? 0) / 1_048_576).rounded(), kernel: "Linux \(release)",
      system: system ?? "unknown")
  }

  /// How many threads wanted to run, on average over the last minute.
  static func loadAverage() throws -> Double {
    try TextFile.read("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0
  }

  /// Of the programs that are installed: the first word of what they say that has a version's form.
  static func versions(proxyd: String, withEnvoy: Bool) throws -> [String: String] {
    let questions: [(name: String, words: [String])] =
      [
        ("proxyd", [proxyd, "--version"]), (Server.redis.title, ["redis-server", "--version"]),
        (Server.nutcracker.title, ["nutcracker", "--version"]), ("nginx", ["nginx", "-v"]),
        ("webdis", ["dpkg-query", "-W", "-f", "${Version}", "webdis"]), ("wrk", ["wrk", "-v"]),
        ("redis-benchmark", ["redis-benchmark", "--version"]), ("Swift", ["swift", "--version"]),
      ] + (withEnvoy ? [(Server.envoy.title, ["envoy", "--version"])] : [])
    var versions: [String: String] = [:]
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    for (name, words) in questions {
      let output = "\(directory)/\(name)"
      guard let process = try? ChildProcess(words, output: output) else { continue }
      process.wait()
      if let version = version(in: try TextFile.read(output)) { versions[name] = version }
    }
    return versions
  }

  static func version(in text: String) -> String? {
    text.firstMatch(of: /[0-9]+\.[0-9]+(\.[0-9]+)*/).map { String($0.output.0) }
  }

  /// What follows the first of a file's lines that begins so.
  private static func value(_ head: String, in path: String) throws -> String {
    let line = try TextFile.read(path).split(separator: "\n").first { $0.hasPrefix(head) }
    guard let line else { throw ToolError("\(path) has no \(head)") }
    return line.dropFirst(head.count).trimmingCharacters(in: .whitespaces)
  }
}
