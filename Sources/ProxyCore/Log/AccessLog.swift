/// How lines of a log are written.
package enum LogFormat: String, CaseIterable, Sendable {
  /// For people.
  case text
  /// An object a line, for programs.
  case json
}

/// A line for each request: a queue a loop, which only that loop and the writer touch, so that no loop waits
/// for another one, nor for a disk.
package final class AccessLog: Sendable {
  package let format: LogFormat
  private let writer: LineWriter
  private let queues: [LineQueue]

  /// - Parameter workers: How many loops there are.
  package init(_ format: LogFormat, workers: Int, writer: LineWriter) {
    self.format = format
    self.writer = writer
    queues = (0..<workers).map { _ in writer.makeQueue(bytesMax: Limits.accessLogBytesMax) }
  }

  /// What its loops have added is written, and nothing more comes.
  package func retire() { writer.retire(queues) }

  /// Writes a request of the loop with this number down, unless more wait already than may. O(bytes).
  func add(_ record: AccessRecord, worker: Int) {
    queues[worker].add { line, clock in
      switch format {
      case .text: record.writeText(to: &line, &clock)
      case .json: record.writeJSON(to: &line, &clock)
      }
    }
  }
}

/// How a request ended, in one word.
package enum AccessOutcome: Sendable {
  /// From memory.
  case hit
  /// From Redis, on behalf of this request; from Redis, on behalf of another one that had asked before.
  case miss, joined
  /// What was known last, because Redis is away.
  case stale
  /// Redis has answered, and the cache was not asked.
  case passed
  /// The proxy has answered by itself.
  case local
  /// Redis has answered with an error.
  case redisError
  /// The proxy has: it may not, makes no sense, or comes too much at once.
  case refused
  /// There was no answer of Redis's: it is away, or late.
  case error
  /// The client has gone before.
  case gone

  var name: StaticString {
    switch self {
    case .hit: "hit"
    case .miss: "miss"
    case .joined: "joined"
    case .stale: "stale"
    case .passed: "passed"
    case .local: "local"
    case .redisError: "redis-error"
    case .refused: "refused"
    case .error: "error"
    case .gone: "gone"
    }
  }

  /// How a fetch has come about.
  package init(_ notes: FetchNotes) {
    self = notes.isStale ? .stale : notes.isCollapsed ? .joined : .miss
  }
}

/// One request, as the access log tells it: never a value, never a password.
package struct AccessRecord {
  /// What only requests of one front have.
  package enum Details {
    /// The target as it was sent. nil where a request was not understood.
    case http(target: [UInt8]?, status: Int, bytes: Int)
    /// A key, where it is known which argument is one.
    case resp(key: [UInt8]?, arguments: Int)
  }

  package let client: SocketAddress?
  /// A method, or a command.
  package let verb: [UInt8]
  package var details: Details
  package var outcome: AccessOutcome
  /// From when it was received until its answer was whole.
  package var duration: Duration

  package init(
    client: SocketAddress?, verb: [UInt8], _ details: Details, _ outcome: AccessOutcome,
    duration: Duration
  ) {
    self.client = client
    self.verb = verb
    self.details = details
    self.outcome = outcome
    self.duration = duration
  }

  func writeText(to line: inout ByteBuffer, _ clock: inout LineClock) {
    clock.appendNow(.universal, to: &line)
    line.append(isHTTP ? " http client=" : " resp client=")
    appendClient(to: &line)
    line.append(isHTTP ? " method=" : " command=")
    appendVerb(to: &line) { $1.appendPlainText($0, limit: Limits.logNameBytesMax) }
    switch details {
    case .http(let target, let status, let bytes):
      if let target {
        line.append(" target=")
        line.appendQuoted(target.rawSpan, limit: Limits.logNameBytesMax)
      }
      line.append(" status=")
      line.appendDecimal(status)
      line.append(" bytes=")
      line.appendDecimal(bytes)
    case .resp(let key, let arguments):
      if let key {
        line.append(" key=")
        line.appendQuoted(key.rawSpan, limit: Limits.logNameBytesMax)
      }
      line.append(" arguments=")
      line.appendDecimal(arguments)
    }
    line.append(" microseconds=")
    line.appendDecimal(microseconds)
    line.append(" outcome=")
    line.append(outcome.name)
    line.append(UInt8(ascii: "\n"))
  }

  func writeJSON(to line: inout ByteBuffer, _ clock: inout LineClock) {
    line.append("{\"time\":\"")
    clock.appendNow(.universal, to: &line)
    line.append(
      isHTTP ? "\",\"event\":\"http\",\"client\":\"" : "\",\"event\":\"resp\",\"client\":\"")
    appendClient(to: &line)
    line.append(isHTTP ? "\",\"method\":" : "\",\"command\":")
    appendVerb(to: &line) { $1.appendJSONString($0, limit: Limits.logNameBytesMax) }
    switch details {
    case .http(let target, let status, let bytes):
      if let target {
        line.append(",\"target\":")
        line.appendJSONString(target.rawSpan, limit: Limits.logNameBytesMax)
      }
      line.append(",\"status\":")
      line.appendDecimal(status)
      line.append(",\"bytes\":")
      line.appendDecimal(bytes)
    case .resp(let key, let arguments):
      if let key {
        line.append(",\"key\":")
        line.appendJSONString(key.rawSpan, limit: Limits.logNameBytesMax)
      }
      line.append(",\"arguments\":")
      line.appendDecimal(arguments)
    }
    line.append(",\"microseconds\":")
    line.appendDecimal(microseconds)
    line.append(",\"outcome\":\"")
    line.append(outcome.name)
    line.append("\"}\n")
  }

  private var isHTTP: Bool { if case .http = details { true } else { false } }

  private var microseconds: Int { Int(clamping: max(0, duration.clampedNanoseconds / 1_000)) }

  private func appendClient(to line: inout ByteBuffer) {
    line.append(Array((client?.description ?? "-").utf8))
  }

  private func appendVerb(
    to line: inout ByteBuffer, _ append: (RawSpan, inout ByteBuffer) -> Void
  ) {
    let verb = verb.isEmpty ? [UInt8(ascii: "-")] : verb
    append(verb.rawSpan, &line)
  }
}
