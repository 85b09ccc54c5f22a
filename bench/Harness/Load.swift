import TestSupport

/// So many requests of one kind at one pipeline depth, sent by redis-benchmark; or as many as wrk, or
/// our own generator, can send in some seconds.
struct Load: Hashable {
  enum Kind: String, CaseIterable { case get, incr, http, mixed }

  /// What a run came to.
  struct Outcome {
    let requests: Int
    let requestsPerSecond: Double
  }

  let kind: Kind
  let depth: Int
  let requests: Int

  /// More requests where each costs less, so that a run takes about as long at every depth; a
  /// multiple of the depth, because redis-benchmark would send that many anyway.
  init(_ kind: Kind, depth: Int, requestsAtDepthOne: Int) {
    self.kind = kind
    self.depth = depth
    let wanted = requestsAtDepthOne * (depth == 1 ? 1 : depth <= 16 ? 8 : 16)
    requests = (wanted + depth - 1) / depth * depth
  }

  var name: String { "\(kind.rawValue) P\(depth)" }

  /// redis-benchmark replaces the variable part by twelve digits.
  var words: [String] {
    switch kind {
    case .get: ["GET", "key:__rand_int__"]
    case .incr: ["INCR", "counter:__rand_int__"]
    case .http, .mixed: []
    }
  }

  /// Sends it all, or throws.
  func run(_ candidate: Candidate, _ bench: Bench) throws -> Outcome {
    switch kind {
    case .get, .incr: try runRESP(candidate, bench)
    case .http: try runHTTP(candidate, bench)
    case .mixed: try runMixed(candidate, bench)
    }
  }

  private func runRESP(_ candidate: Candidate, _ bench: Bench) throws -> Outcome {
    let text = try output(
      of: [
        "redis-benchmark", "-h", "127.0.0.1", "-p", "\(candidate.port)",
        "-c", "\(bench.options.connections)", "-n", "\(requests)", "-P", "\(depth)",
        "-r", "\(bench.options.keys)", "--csv",
      ] + words, bench)
    guard let rate = Self.rate(inCSV: text) else { throw incomplete(text) }
    return Outcome(requests: requests, requestsPerSecond: rate)
  }

  /// What a generator prints that ends well.
  func output(of generator: [String], _ bench: Bench) throws -> String {
    let file = "\(bench.directory)/load"
    defer { TextFile.remove(file) }
    let status = try ChildProcess(bench.loadPin + generator, output: file).wait()
    let text = try TextFile.read(file)
    if status != 0 { throw incomplete("exit status \(status): \(text)") }
    return text
  }

  func incomplete(_ text: String) -> ToolError {
    ToolError("\(name) did not complete: \(text.suffix(500))")
  }

  /// The second column of the last line: `"GET key:__rand_int__","98765.43",…`.
  ///
  /// redis-benchmark prints the line only once all its requests were answered.
  static func rate(inCSV text: String) -> Double? {
    guard let line = text.split(whereSeparator: \.isNewline).last else { return nil }
    let columns = line.split(separator: ",")
    guard columns.count >= 2 else { return nil }
    return Double(columns[1].filter { $0 != "\"" })
  }
}
