import TestSupport

/// Loads over HTTP: one key, asked for again and again over as many connections as the others have.
extension Load {
  static let path = "/key:000000000000"

  func runHTTP(_ candidate: Candidate, _ bench: Bench) throws -> Outcome {
    let script = "\(bench.directory)/pipeline.lua"
    try TextFile.write(Self.script, to: script)
    let text = try output(
      of: [
        "wrk", "-t", "1", "-c", "\(bench.options.connections)", "-d", "\(bench.options.seconds)s",
        "-s", script, "http://127.0.0.1:\(candidate.port)\(candidate.path)", "--", "\(depth)",
      ], bench)
    guard let outcome = Self.outcome(ofWrk: text) else { throw incomplete(text) }
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
