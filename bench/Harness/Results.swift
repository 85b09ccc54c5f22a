/// What was measured, and what it amounts to.
struct Results {
  /// One run of one load against one server.
  struct Sample: Equatable {
    let microsecondsPerRequest: Double
    let requestsPerSecond: Double
    /// Of the Redis behind the server, or that it is.
    var redisMicrosecondsPerRequest: Double?
    var redisGetsPerRequest: Double?
  }

  /// One line of the table.
  struct Row: Equatable {
    let load: String
    let server: String
    let microseconds: Double
    let microsecondsLeast: Double
    let microsecondsMost: Double
    /// The median over the rounds of this server's cost by the baseline's in the same round.
    let ratio: Double?
    let requestsPerSecond: Double
  }

  let baseline: String
  /// What each of many idle connections takes of a server's memory.
  var kibibytesPerConnection: [String: Double] = [:]
  private(set) var loads: [String] = []
  private(set) var servers: [String] = []
  /// By load and server, a sample a round.
  private var samples: [String: [String: [Sample]]] = [:]

  init(baseline: String) { self.baseline = baseline }

  mutating func add(_ sample: Sample, load: String, server: String) {
    if !loads.contains(load) { loads.append(load) }
    if !servers.contains(server) { servers.append(server) }
    samples[load, default: [:]][server, default: []].append(sample)
  }

  var rows: [Row] {
    loads.flatMap { load in servers.compactMap { server in row(load, server) } }
  }

  /// A sample a round.
  func samples(load: String, server: String) -> [Sample] { samples[load]?[server] ?? [] }

  private func row(_ load: String, _ server: String) -> Row? {
    guard let own = samples[load]?[server], !own.isEmpty else { return nil }
    let costs = own.map(\.microsecondsPerRequest)
    let base = samples[load]?[baseline]?.map(\.microsecondsPerRequest) ?? []
    let ratios = zip(costs, base).compactMap { cost, base in base > 0 ? cost / base : nil }
    return Row(
      load: load, server: server, microseconds: Self.median(costs),
      microsecondsLeast: costs.min() ?? 0, microsecondsMost: costs.max() ?? 0,
      ratio: ratios.isEmpty ? nil : Self.median(ratios),
      requestsPerSecond: Self.median(own.map(\.requestsPerSecond)))
  }

  /// The middle one, or the mean of the middle two.
  static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "nothing has no median")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// With a header, every column as wide as its widest cell, numbers to the right.
  var table: String {
    let header = [
      "load", "server", "CPU µs/request", "least", "most", "× \(baseline)", "requests/s",
    ]
    let cells =
      [header]
      + rows.map { row in
        [
          row.load, row.server, Self.text(row.microseconds, 3), Self.text(row.microsecondsLeast, 3),
          Self.text(row.microsecondsMost, 3), row.ratio.map { Self.text($0, 2) } ?? "-",
          Self.text(row.requestsPerSecond, 0),
        ]
      }
    let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { line in
      zip(line, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column < 2 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  var json: String {
    let lines = rows.map { row in
      """
        {"load": \(Self.quoted(row.load)), "server": \(Self.quoted(row.server)), \
      "cpu_us_per_request": \(row.microseconds), "least": \(row.microsecondsLeast), \
      "most": \(row.microsecondsMost), "ratio": \(row.ratio.map { "\($0)" } ?? "null"), \
      "requests_per_second": \(row.requestsPerSecond)}
      """
    }
    return """
      {"baseline": \(Self.quoted(baseline)), "results": [
      \(lines.joined(separator: ",\n"))
      ]}

      """
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// So many digits after the point, without Foundation's formats.
  static func text(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((value * scale).rounded())
    guard digits > 0 else { return "\(scaled)" }
    let fraction = "\(scaled % Int(scale))"
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(scaled / Int(scale)).\(zeros)\(fraction)"
  }
}
