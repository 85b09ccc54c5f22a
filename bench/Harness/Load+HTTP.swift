import TestSupport

/// Loads over HTTP: one key, asked for again and again over as many connections as the others have.
extension Load {
  static let path = "/key:000000000000"

  func runHTTP(
    _ port: UInt16, _ pin: [String], _ options: Options, _ directory: String
  ) throws -> Outcome {
    let output = "\(directory)/wrk-\(port)"
    let script = "\(directory)/pipeline.lua"
    try TextFile.write(Self.script, to: script)
    let process = try ChildProcess(
      pin + [
        "wrk", "-t", "1", "-c", "\(options.connections)", "-d", "\(options.seconds)s", "-s", script,
        "http://127.0.0.1:\(port)\(Self.path)", "--", "\(depth)",
      ], output: output)
    let status = process.wait()
    let text = try TextFile.read(output)
    TextFile.remove(output)
    guard status == 0, let outcome = Self.outcome(ofWrk: text) else {
      throw ToolError("\(name) did not complete (exit status \(status)): \(text.suffix(500))")
    }
    return outcome
  }

  /// `123456 requests in 2.00s, …` and `Requests/sec: 61728.00`; nil where a request went wrong.
  static func outcome(ofWrk text: String) -> Outcome? {
    if text.contains("Socket errors") || text.contains("Non-2xx") { return nil }
    var requests: Int?
    var rate: Double?
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if words.count > 2, words[1] == "requests" { requests = Int(words[0]) }
      if words.count > 1, words[0] == "Requests/sec:" { rate = Double(words[1]) }
    }
    guard let requests, let rate, requests > 0 else { return nil }
    return Outcome(requests: requests, requestsPerSecond: rate)
  }

  /// Sends pipelines as deep as the number behind `--`.
  private static let script = """
    init = function(arguments)
      batch = string.rep(wrk.format(), tonumber(arguments[1]))
    end
    request = function() return batch end

    """
}
