internal import ProxyCore

/// Prometheus's text format, version 0.0.4: families, each with what it is and its samples.
struct MetricsText {
  enum MetricKind: String { case counter, gauge, histogram }

  private(set) var text = ""

  /// Begins a family.
  mutating func family(_ name: String, _ kind: MetricKind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// A sample; `labels` are pairs of a name and a value.
  mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Int) {
    sample(name, labels, "\(value)")
  }

  mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
    sample(name, labels, "\(value)")
  }

  private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  /// A family of one sample.
  mutating func single(_ name: String, _ kind: MetricKind, _ value: Int, _ help: String) {
    family(name, kind, help)
    sample(name, [], value)
  }

  mutating func single(_ name: String, _ kind: MetricKind, _ value: Double, _ help: String) {
    family(name, kind, help)
    sample(name, [], value)
  }

  /// The samples of a histogram; each bucket includes those before it.
  mutating func histogram(
    _ name: String, _ labels: [(String, String)], _ histogram: DurationHistogram
  ) {
    var count: UInt64 = 0
    for bucket in 0..<DurationHistogram.bucketCount {
      count &+= histogram[bucket]
      sample("\(name)_bucket", labels + [("le", Self.bounds[bucket])], Int(clamping: count))
    }
    sample("\(name)_sum", labels, Double(histogram.nanoseconds) / 1e9)
    sample("\(name)_count", labels, Int(clamping: count))
  }

  /// As Prometheus's own libraries write them: what was stored once is found again.
  private static let bounds =
    DurationHistogram.bounds.map { "\(Double($0) / 1e9)" } + ["+Inf"]

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
