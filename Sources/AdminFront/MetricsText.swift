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

/// All families, in the order of an operator's questions: is it well, what do clients get, where does the
/// time go, what does it hold.
extension MetricsText {
  static func make(_ report: AdminReport) -> String {
    var metrics = MetricsText()
    metrics.appendState(report)
    metrics.appendRequests(report)
    metrics.appendFigures(report)
    metrics.appendLinks(report)
    metrics.appendLimits(report)
    metrics.appendLoops(report)
    metrics.appendProcess(report.process)
    return metrics.text
  }

  private mutating func appendState(_ report: AdminReport) {
    family("proxyd_build_info", .gauge, "Always 1; the labels say which proxyd this is.")
    sample("proxyd_build_info", [("version", report.news.version)], 1)
    single(
      "proxyd_ready", .gauge, report.news.unreadiness == nil ? 1 : 0, "Whether /readyz answers 200."
    )
    single(
      "proxyd_draining", .gauge, report.news.isDraining ? 1 : 0,
      "Whether proxyd was told to end and finishes what it has begun.")
    family(
      "proxyd_redis_info", .gauge,
      "Always 1; the labels say which Redis is behind, as far as is known.")
    sample(
      "proxyd_redis_info",
      [
        ("server", report.server.place), ("version", report.server.version ?? ""),
        ("role", report.server.isReplica ? "replica" : "master"),
      ], 1)
    family("proxyd_coherence", .gauge, "What entries are kept right by: the mode that is 1.")
    sample("proxyd_coherence", [("mode", "tracking")], report.isTracking ? 1 : 0)
    sample("proxyd_coherence", [("mode", "ttl")], report.isTracking ? 0 : 1)
  }

  private mutating func appendRequests(_ report: AdminReport) {
    let name = "proxyd_request_duration_seconds"
    family(
      name, .histogram,
      """
      Requests answered, by front and outcome: hit (from memory), miss (fetched), joined (with what another \
      had fetched), stale, passed (by Redis), blocked (the same, of a command that may wait), local (by proxyd \
      itself), refused (by a limit), error (Redis away or late). What is answered in the turn of the event \
      loop that received it, as hits are, counts as long as that whole turn until its answers were sent; other \
      requests from the beginning of that turn, waiting for a permit included, to the beginning of the turn \
      that brought their answer.
      """)
    for front in [ClientFront.resp, .http] {
      for outcome in RequestOutcome.allCases where front == .resp || outcome != .blocked {
        histogram(
          name, [("front", "\(front)"), ("outcome", "\(outcome)")],
          report.meter.durations(front, outcome))
      }
    }
    let trip = "proxyd_redis_duration_seconds"
    family(
      trip, .histogram,
      """
      Time that Redis took, by kind of link: from when a link was given a request, being connected included, \
      to when its answer began to come. On pinned links that includes commands that wait for others.
      """)
    for kind in LinkKind.allCases {
      histogram(trip, [("link", "\(kind)")], report.meter.trips(kind))
    }
    family("proxyd_under_way", .gauge, "Requests under way, by what they wait for.")
    let waits = report.underWay
    sample("proxyd_under_way", [("what", "fetch")], waits.reads)
    sample("proxyd_under_way", [("what", "flight")], waits.flights)
    sample("proxyd_under_way", [("what", "redis")], waits.calls)
    sample("proxyd_under_way", [("what", "permit")], waits.waits)
    sample("proxyd_under_way", [("what", "fence")], waits.fences)
  }

  /// What `INFO proxy` has, under the same names.
  private mutating func appendFigures(_ report: AdminReport) {
    for figure in report.figures {
      guard case .number(let number) = figure.value else { continue }
      let name = figure.name.description.replacing("proxy_", with: "proxyd_", maxReplacements: 1)
      guard let about = Self.figures[name] else { continue }
      single(about.kind == .counter ? "\(name)_total" : name, about.kind, number, about.help)
    }
  }

  private static let figures: [String: (kind: MetricKind, help: String)] = [
    "proxyd_cache_hits": (.counter, "Keys looked up that were in memory, absent ones included."),
    "proxyd_cache_misses": (.counter, "Keys looked up that were not in memory."),
    "proxyd_cache_entries": (.gauge, "Entries in memory."),
    "proxyd_cache_bytes": (.gauge, "Bytes that entries take, with their overhead."),
    "proxyd_cache_evictions": (.counter, "Entries dropped to make room."),
    "proxyd_cache_expirations": (.counter, "Entries dropped because their time had come."),
    "proxyd_invalidations": (.counter, "Invalidations that Redis has sent."),
    "proxyd_fetches": (.counter, "Reads that asked for a key which was not in memory."),
    "proxyd_flights": (.counter, "Fetches sent to Redis to be kept, one for all who ask."),
    "proxyd_flights_joined": (.counter, "Reads that waited for another's fetch."),
    "proxyd_fences": (
      .counter, "Times that all invalidations were waited for, after a script or its like."
    ),
    "proxyd_passed": (.counter, "Requests passed on to Redis."),
    "proxyd_stale_answers": (.counter, "Last known values answered while Redis was away."),
    "proxyd_redis_connected": (.gauge, "Whether any link to Redis is ready."),
    "proxyd_redis_links_lost": (.counter, "Links lost, attempts that failed included."),
    "proxyd_redis_links_pinned": (
      .gauge, "Links that clients have to themselves, as PINNED_MAX counts them."
    ),
    "proxyd_clients_http": (.gauge, "HTTP clients connected."),
    "proxyd_clients_resp": (.gauge, "RESP clients connected."),
    "proxyd_clients_max": (.gauge, "Clients that may be connected: MAX_CLIENTS."),
    "proxyd_clients_rejected": (.counter, "Clients turned away."),
    "proxyd_clients_output_bytes": (.gauge, "Bytes of answers that clients have not read."),
    "proxyd_clients_output_closed": (.counter, "Clients closed because they left too much unread."),
    "proxyd_clients_input_bytes": (.gauge, "Bytes of requests that clients have not finished."),
    "proxyd_clients_input_closed": (
      .counter, "Clients closed because they had sent too much of a request."
    ),
    "proxyd_permits_in_use": (.gauge, "Requests that hold a permit to be at Redis."),
    "proxyd_waiters": (.gauge, "Requests that wait for a permit."),
    "proxyd_permits_refused": (.counter, "Requests refused because too many waited: MAX_QUEUE."),
    "proxyd_permits_timed_out": (
      .counter, "Requests refused because they waited too long: QUEUE_TIMEOUT."
    ),
  ]

  private mutating func appendLinks(_ report: AdminReport) {
    family(
      "proxyd_redis_links", .gauge,
      """
      Links to Redis by kind and state: connecting; ready, where a pinned one is with its client; resting \
      before another attempt; idle; leaving.
      """)
    for kind in LinkKind.allCases {
      for state in LinkState.allCases {
        let count = report.links[kind]?[state] ?? 0
        sample("proxyd_redis_links", [("kind", "\(kind)"), ("state", state.rawValue)], count)
      }
    }
  }

  private mutating func appendLimits(_ report: AdminReport) {
    single(
      "proxyd_cache_entries_max", .gauge, report.cache.entries,
      "Entries that may be kept: CACHE_CAPACITY.")
    single(
      "proxyd_cache_bytes_max", .gauge, report.cache.bytes,
      "Bytes that they may take: CACHE_MAX_BYTES.")
    single(
      "proxyd_cache_flushes_total", .counter, report.emptyings,
      "Times that all of the cache was emptied.")
    single(
      "proxyd_generations_total", .counter, report.generations,
      "Times that a fill link was lost, and what it had filled was not trusted any more.")
    let limiter = report.limiter
    single("proxyd_permits", .gauge, limiter.permits, "Permits that there are: MAX_CONCURRENCY.")
    single(
      "proxyd_permits_granted_total", .counter, Int(clamping: limiter.granted), "Permits given.")
    single(
      "proxyd_permits_cancelled_total", .counter, Int(clamping: limiter.cancelled),
      "Requests that were given up while they waited for a permit.")
    single("proxyd_waiters_max", .gauge, limiter.queueLimit, "Requests that may wait: MAX_QUEUE.")
  }

  private mutating func appendLoops(_ report: AdminReport) {
    func each(
      _ name: String, _ kind: MetricKind, _ value: KeyPath<AdminReport.LoopFigures, Int>,
      _ help: String
    ) {
      family(name, kind, help)
      for (number, loop) in report.loops.enumerated() {
        sample(name, [("loop", "\(number)")], loop[keyPath: value])
      }
    }
    each(
      "proxyd_loop_connections", .gauge, \.connections, "Sockets of a loop: clients and links.")
    each(
      "proxyd_loop_accepted_total", .counter, \.accepted,
      "Clients that a loop has accepted for all.")
    each(
      "proxyd_loop_accept_failures_total", .counter, \.acceptFailures,
      "Clients that could not be accepted.")
    each(
      "proxyd_loop_input_closes_total", .counter, \.inputLimitCloses,
      "Connections closed because a request or reply was too long.")
    each(
      "proxyd_loop_output_closes_total", .counter, \.outputLimitCloses,
      "Connections closed because the other end did not read.")
    each(
      "proxyd_loop_output_bytes", .gauge, \.outputBytesWaiting,
      "Bytes for which the kernel had no room.")
  }

  private mutating func appendProcess(_ process: ProcessFigures) {
    single(
      "process_cpu_seconds_total", .counter, process.processorSeconds,
      "Processor time used, of user and system, in seconds.")
    single(
      "process_resident_memory_bytes", .gauge, process.residentBytes, "Memory that is resident.")
    single("process_virtual_memory_bytes", .gauge, process.virtualBytes, "Address space in use.")
    single(
      "process_start_time_seconds", .gauge, process.startSeconds,
      "When the process began, in seconds since 1970.")
    single("process_open_fds", .gauge, process.openFiles, "File descriptors that are open.")
    single("process_max_fds", .gauge, process.openFilesMax, "File descriptors that may be open.")
    single("process_threads", .gauge, process.threads, "Threads of the process.")
  }
}
