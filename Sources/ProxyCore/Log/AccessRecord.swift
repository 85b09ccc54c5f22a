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
