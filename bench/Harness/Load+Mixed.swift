import Glibc
import TestSupport

/// Loads of our own generator, `bench/Load`: reads mixed with writes, and keys of which some are asked
/// for more than others.
extension Load {
  func runMixed(_ candidate: Candidate, _ bench: Bench) throws -> Outcome {
    let options = bench.options
    let text = try output(
      of: [
        try Candidate.own("load"), "\(candidate.port)", "run", "\(options.seconds)",
        "\(options.connections)", "\(depth)", "\(options.keys)", "\(options.skew)",
        "\(options.readPercent)", "\(options.valueBytes)", "\(bench.nextSeed())",
      ], bench)
    guard let outcome = Self.outcome(ofOwn: text) else { throw incomplete(text) }
    return outcome
  }

  /// `123456 2.000001`: requests and seconds.
  static func outcome(ofOwn text: String) -> Outcome? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let requests = Int(words[0]), let seconds = Double(words[1]),
      requests > 0, seconds > 0
    else { return nil }
    return Outcome(requests: requests, requestsPerSecond: Double(requests) / seconds)
  }
}

/// Connections that are there and do nothing: a program that holds them, as long as this object is
/// there.
final class IdleConnections {
  private let process: ChildProcess

  /// Opens so many, each answered once.
  init(_ count: Int, to candidate: Candidate, _ bench: Bench) throws {
    let output = "\(bench.directory)/held-\(candidate.port)"
    process = try ChildProcess(
      bench.loadPin + [try Candidate.own("load"), "\(candidate.port)", "hold", "\(count)"],
      output: output)
    while true {
      let text = (try? TextFile.read(output)) ?? ""
      if text.hasPrefix("held") { return }
      guard process.isRunning else {
        throw ToolError("\(candidate.name): \(count) connections: \(text)")
      }
      usleep(10_000)
    }
  }
}
