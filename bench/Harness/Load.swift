import TestSupport

/// So many requests of one kind at one pipeline depth, sent by redis-benchmark; or as many as wrk
/// can send over HTTP in some seconds.
struct Load: Hashable {
  enum Kind: String, CaseIterable { case get, incr, http }

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
    case .http: []
    }
  }

  /// Sends it all, or throws.
  func run(port: UInt16, pin: [String], options: Options, directory: String) throws -> Outcome {
    if kind == .http { return try runHTTP(port, pin, options, directory) }
    let output = directory + "/load-\(name.replacing(" ", with: "-"))-\(port)"
    let process = try ChildProcess(
      pin + [
        "redis-benchmark", "-h", "127.0.0.1", "-p", "\(port)", "-c", "\(options.connections)",
        "-n", "\(requests)", "-P", "\(depth)", "-r", "\(options.keys)", "--csv",
      ] + words, output: output)
    let status = process.wait()
    let text = try TextFile.read(output)
    TextFile.remove(output)
    guard status == 0, let rate = Self.rate(inCSV: text) else {
      throw ToolError("\(name) did not complete (exit status \(status)): \(text.suffix(300))")
    }
    return Outcome(requests: requests, requestsPerSecond: rate)
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
