internal import ProxyCore
internal import Synchronization

extension RESPSession {
  /// Whether requests are written down.
  var logsAccess: Bool { worker.accessSwitch.load(ordering: .relaxed) }

  /// Writes the request at hand down, a GET that may be answered from memory. Kept out of the way of those that
  /// are not written down, as is the next one.
  @inline(never)
  func noteGet(_ request: RawSpan, _ step: Step, now: Moment) {
    note(
      "get", key: Self.shown(parser.arguments.bytes(1, in: request)), arguments: 2,
      access.ticket == nil ? .hit : .miss, step, now: now)
  }

  /// Writes the request at hand down, whatever it is. Only what is known to be a key is told of its
  /// arguments, since any other may be a value or a password.
  @inline(never)
  func note(_ spec: CommandSpec, _ request: RawSpan, _ step: Step, now: Moment) {
    let place = keys.isEmpty ? nil : keys[0].argument
    note(spec, place, request, arguments: parser.arguments.count, step, now: now)
  }

  /// The same of one that passes in pieces. `keyPlace` is where its key stands.
  func note(
    _ spec: CommandSpec, _ keyPlace: Int?, _ request: RawSpan, arguments: Int, _ step: Step,
    now: Moment
  ) {
    let key = keyPlace.flatMap { place in
      place < parser.arguments.count ? Self.shown(parser.arguments.bytes(place, in: request)) : nil
    }
    note(
      spec.isKnown ? worker.commands.name(at: spec.index) : "unknown", key: key,
      arguments: arguments, access.ticket == nil ? .local : .passed, step, now: now)
  }

  /// As much of a key as is told; that there is more is told by one byte.
  private static func shown(_ key: RawSpan) -> [UInt8] {
    key.extracting(first: Limits.logNameBytesMax + 1).array
  }

  private func note(
    _ command: String, key: [UInt8]?, arguments: Int, _ outcome: AccessOutcome, _ step: Step,
    now: Moment
  ) {
    let (ticket, known) = (access.ticket, access.outcome)
    (access.ticket, access.outcome) = (nil, nil)
    if step == .stalled { return }
    let record = AccessRecord(
      client: connection?.peer, verb: Array(command.utf8),
      .resp(key: key, arguments: arguments), known ?? outcome, duration: .zero)
    let pending = AccessNotes.Pending(record: record, start: waitingSince ?? now)
    if let ticket, !queue.hasEnded(ticket) {
      access.pending[ticket] = pending
    } else {
      writeDown(pending)
    }
  }

  /// Bytes that are no request.
  func noteRefusal(now: Moment) {
    let record = AccessRecord(
      client: connection?.peer, verb: [], .resp(key: nil, arguments: 0), .refused, duration: .zero)
    writeDown(AccessNotes.Pending(record: record, start: now))
  }

  /// How a request has ended: the one of this ticket, or else the one at hand.
  func noteOutcome(_ outcome: AccessOutcome, of ticket: UInt64? = nil) {
    guard logsAccess else { return }
    if let ticket, ticket != access.ticket {
      // Nothing where it came before there was a log.
      access.pending[ticket]?.record.outcome = outcome
    } else {
      access.outcome = outcome
    }
  }

  func noteOutcome(_ error: ProxyError, of ticket: UInt64) {
    noteOutcome(AccessOutcome(error), of: ticket)
  }

  func noteOutcome(_ outcome: FetchOutcome, _ notes: FetchNotes, of ticket: UInt64) {
    switch outcome {
    case .value, .absent: noteOutcome(AccessOutcome(notes), of: ticket)
    case .error: noteOutcome(.redisError, of: ticket)
    case .failed(let error): noteOutcome(error, of: ticket)
    case .large: noteOutcome(.passed, of: ticket)
    }
  }

  func noteOutcome(_ outcome: MultipleGet.MultipleGetOutcome, of ticket: UInt64) {
    switch outcome {
    case .whole: noteOutcome(.miss, of: ticket)
    case .error: noteOutcome(.redisError, of: ticket)
    case .failed(let error): noteOutcome(error, of: ticket)
    case .large: noteOutcome(.passed, of: ticket)
    }
  }

  /// The reply of this ticket is whole.
  func noteEnd(of ticket: UInt64) {
    if let pending = access.pending.removeValue(forKey: ticket) { writeDown(pending) }
  }

  /// The client does not wait for replies any more.
  func noteClose() {
    for var pending in access.pending.values {
      pending.record.outcome = .gone
      writeDown(pending)
    }
    access = AccessNotes()
  }

  private func writeDown(_ pending: AccessNotes.Pending) {
    var record = pending.record
    record.duration = Moment.now.since(pending.start)
    worker.writeDown(record)
  }
}

extension AccessOutcome {
  /// Why there is no answer: a limit of the proxy's, or Redis.
  init(_ error: ProxyError) {
    if case .redis = error { self = .error } else { self = .refused }
  }
}
