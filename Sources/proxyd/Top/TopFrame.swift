internal import ProxyCore

/// What `proxyd top` shows: lines that fit the terminal, made of two answers and the time between.
package struct TopFrame {
  private let now: JSONValue
  private let before: JSONValue
  private let seconds: Double
  private let columns: Int

  private init(_ now: JSONValue, _ before: JSONValue, _ seconds: Double, _ columns: Int) {
    self.now = now
    self.before = before
    self.seconds = max(seconds, 0.001)
    self.columns = columns
  }

  /// The lines, from above, at most `rows`.
  ///
  /// - Parameter present: Seconds since 1970.
  package static func lines(
    _ now: JSONValue, after before: JSONValue, seconds: Double, columns: Int, rows: Int,
    present: Double
  ) -> [String] {
    let frame = TopFrame(now, before, seconds, columns)
    let lines = frame.head(present) + frame.figures + [""] + frame.outcomes + [""] + frame.keys
    return lines.prefix(rows).map { TopText.cut($0, to: columns) }
  }

  private func info(_ name: String) -> Double { now["info"]["proxy_\(name)"].number }

  private func rate(_ name: String) -> Double {
    (info(name) - before["info"]["proxy_\(name)"].number) / seconds
  }

  /// What clients have written.
  private func word(_ value: JSONValue) -> String { VisibleText.of(value.text ?? "") }

  // MARK: Lines

  private func head(_ present: Double) -> [String] {
    let up = TopText.span(present - now["process"]["start_seconds"].number)
    let redis = now["redis_server"]
    let version = redis["version"].text.map { " (\(VisibleText.of($0)))" } ?? ""
    let state =
      now["draining"].isTrue ? "about to end" : now["ready"].isTrue ? "ready" : "NOT READY"
    var lines = [
      "proxyd \(word(now["version"]))  \(state)  up \(up)  Redis \(word(redis["address"]))\(version)"
    ]
    if !now["ready"].isTrue { lines.append("  " + word(now["reason"])) }
    return lines + [""]
  }

  private var figures: [String] {
    let looked = rate("cache_hits") + rate("cache_misses")
    let hits = looked > 0 ? rate("cache_hits") / looked : nil
    let (resp, http) = (durations(["resp"]), durations(["http"]))
    let all = resp.adding(http)
    let trips = ["fill", "shared", "pinned", "control"].reduce(Durations()) {
      $0.adding(Durations(now["redis"][$1], after: before["redis"][$1]))
    }
    let limits = now["limits"]
    let count = TopText.count
    let coherence = word(now["info"]["proxy_coherence"])
    return [
      line("hits", TopText.percent(hits), TopText.bar(hits, width: 20), "coherence \(coherence)"),
      line(
        "requests/s", count(all.count / seconds), "RESP \(count(resp.count / seconds))",
        "HTTP \(count(http.count / seconds))"),
      line("latency", quantiles(all)),
      line("Redis/s", count(trips.count / seconds), quantiles(trips), links),
      line(
        "limiter",
        "\(count(info("permits_in_use"))) of \(count(limits["permits"].number)) at Redis",
        "\(count(info("waiters"))) waiting", "\(count(info("permits_refused"))) refused"),
      line(
        "cached",
        TopText.bytes(info("cache_bytes")) + " of "
          + TopText.bytes(limits["cache_bytes"].number),
        "\(count(info("cache_entries"))) of \(count(limits["cache_entries"].number)) entries",
        "\(count(rate("cache_evictions"))) evicted/s"),
      line(
        "process", TopText.bytes(now["process"]["resident_bytes"].number), "cpu \(processor)",
        "\(count(now["process"]["open_files"].number)) files"),
      line(
        "clients", "RESP \(count(info("clients_resp")))", "HTTP \(count(info("clients_http")))",
        "of \(count(info("clients_max")))"),
    ]
  }

  /// What is short stands in columns.
  private static let partColumns = 20

  private func line(_ name: String, _ parts: String...) -> String {
    let padded = parts.dropLast().map { part in
      TopText.left(part, max(Self.partColumns, part.count)) + "  "
    }
    return TopText.left(name, 12) + padded.joined() + (parts.last ?? "")
  }

  private func quantiles(_ durations: Durations) -> String {
    let bounds = now["bucket_seconds"].elements.map(\.number)
    let values = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].map { name, share in
      "\(name) \(TopText.duration(durations.quantile(share, bounds)))"
    }
    return values.joined(separator: "  ")
  }

  private var links: String {
    func count(_ state: String) -> Double {
      ["fill", "shared", "pinned", "control"].reduce(0) { $0 + now["links"][$1][state].number }
    }
    let resting = count("resting") + count("connecting")
    return "\(TopText.count(count("ready"))) links"
      + (resting > 0 ? ", \(TopText.count(resting)) not connected" : "")
  }

  private var processor: String {
    let name = "cpu_seconds"
    return TopText.percent(
      (now["process"][name].number - before["process"][name].number) / seconds)
  }

  private static let outcomeNames = [
    "hit", "miss", "joined", "stale", "passed", "blocked", "local", "refused", "error",
  ]

  private var outcomes: [String] {
    let header = Self.outcomeNames.map { TopText.right($0, 8) }.joined()
    return [TopText.left("a second", 8) + header]
      + ["resp", "http"].map { front in
        let cells = Self.outcomeNames.map { outcome in
          let count = durations([front], [outcome]).count / seconds
          return TopText.right(count == 0 ? "." : TopText.count(count), 8)
        }
        return TopText.left(front.uppercased(), 8) + cells.joined()
      }
  }

  private var keys: [String] {
    let room = max(8, columns - 22)
    let rows = now["hot_keys"].elements.map { key in
      TopText.left(name(of: key), room)
        + TopText.right(TopText.count(key["reads_per_second"].number), 10)
        + TopText.right(TopText.percent(key["share"].number), 10)
    }
    let header =
      TopText.left("hot keys", room) + TopText.right("reads/s", 10) + TopText.right("share", 10)
    return [header] + (rows.isEmpty ? ["(nothing has been read lately)"] : rows)
  }

  private func name(of key: JSONValue) -> String {
    let text = key["key"].text ?? ""
    let isEncoded = key["encoding"].text == "base64"
    let shown =
      isEncoded
      ? Base64Decoder.bytes(of: Array(text.utf8).rawSpan).map(VisibleText.of)
      : VisibleText.of(text)
    let more = key["more_bytes"].number
    let database = key["database"].number
    return (shown ?? "?") + (more > 0 ? "... (\(TopText.count(more)) more bytes)" : "")
      + (database > 0 ? "  (db \(TopText.count(database)))" : "")
  }

  // MARK: Durations

  /// Without those that may wait for others as long as they like, which say nothing of latency.
  private func durations(
    _ fronts: [String], _ outcomes: [String] = outcomeNames.filter { $0 != "blocked" }
  ) -> Durations {
    var sum = Durations()
    for front in fronts {
      for outcome in outcomes {
        let (now, before) = (now["requests"][front][outcome], before["requests"][front][outcome])
        sum = sum.adding(Durations(now, after: before))
      }
    }
    return sum
  }
}

/// How long what happened between two answers took, by buckets.
private struct Durations {
  private var buckets: [Double] = []

  init() {}

  init(_ now: JSONValue, after before: JSONValue) {
    let former = before["buckets"].elements
    buckets = now["buckets"].elements.enumerated().map { place, value in
      value.number - (place < former.count ? former[place].number : 0)
    }
  }

  var count: Double { buckets.reduce(0, +) }

  func adding(_ other: Durations) -> Durations {
    var sum = self
    for (place, value) in other.buckets.enumerated() {
      if place < sum.buckets.count {
        sum.buckets[place] += value
      } else {
        sum.buckets.append(value)
      }
    }
    return sum
  }

  /// As if all in a bucket were evenly spread there; nil where there was nothing.
  func quantile(_ share: Double, _ bounds: [Double]) -> Double? {
    guard count > 0, let last = bounds.last else { return nil }
    var left = count * share
    for (place, value) in buckets.enumerated() {
      if value > 0 && left <= value {
        if place >= bounds.count { return last }
        let low = place == 0 ? 0 : bounds[place - 1]
        return low + (bounds[place] - low) * left / value
      }
      left -= value
    }
    return last
  }
}
