internal import ProxyCore

/// The clients of one loop: who comes and goes, who is asked about them, who is idle for too long.
final class ClientRoster {
  let worker: Worker
  private(set) var options: RESPOptions
  private let registry: ClientRegistry
  private let index: Int
  /// In the order of their ids, which is that in which they have come.
  private var entries: [Member] = []
  private var leftCount = 0
  private var inquiries: [UInt64: Inquiry] = [:]
  private var lastInquiry: UInt64 = 0
  private var idleTimer: TimerHandle?
  /// Where the next slice of those who may be idle begins.
  private var idleCursor = 0
  let refusals = Refusals()

  private struct Member {
    let id: Int
    /// To be asked for only while it is here. Not an optional: the compiler (6.3) reads one wrongly that
    /// is unowned and nil.
    unowned let session: RESPSession
    var isHere = true
  }

  /// A survey of one of this loop's clients.
  private struct Inquiry {
    let session: RESPSession
    let ticket: UInt64
    let survey: ClientSurvey
    var awaited: Int
    var found = SurveyPart()
  }

  init(_ registry: ClientRegistry, index: Int, worker: Worker, options: RESPOptions) {
    self.registry = registry
    self.index = index
    self.worker = worker
    self.options = options
  }

  var count: Int { entries.count - leftCount }

  // MARK: Coming and going

  /// O(1) amortized. Ids ascend on every loop.
  func join(_ session: RESPSession) {
    entries.append(Member(id: session.client.id, session: session))
    session.roster = self
    scheduleIdleCheck(now: worker.loop.now)
  }

  /// Once or more often; the first time counts. O(log n) amortized.
  func leave(_ session: RESPSession) {
    guard let place = place(of: session.client.id) else { return }
    entries[place].isHere = false
    leftCount += 1
    worker.proxy.clients.leave(.resp)
    if leftCount > Limits.rosterLeftMax && leftCount * 2 > entries.count {
      entries.removeAll { !$0.isHere }
      leftCount = 0
    }
  }

  private func place(of id: Int) -> Int? {
    let place = firstPlace(from: id)
    guard place < entries.count, entries[place].id == id, entries[place].isHere else {
      return nil
    }
    return place
  }

  /// Of the first client with this id or a later one.
  private func firstPlace(from id: Int) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Visits the clients from the id `first` on, a slice of them; says where the next one begins.
  private func visit(from first: Int, atMost limit: Int, _ body: (RESPSession) -> Void) -> Int? {
    // Those who leave meanwhile may make the list shorter.
    let start = firstPlace(from: first)
    let slice = entries[start..<min(entries.count, start + limit)].filter(\.isHere)
    let next = start + limit < entries.count ? entries[start + limit].id : nil
    for entry in slice where !entry.session.presence.hasDeparted { body(entry.session) }
    return next
  }

  // MARK: Surveys

  /// Asks all loops; `surveyed` is called when they have answered.
  func inquire(_ survey: ClientSurvey, for session: RESPSession, ticket: UInt64) {
    lastInquiry &+= 1
    let number = lastInquiry
    inquiries[number] = Inquiry(
      session: session, ticket: ticket, survey: survey, awaited: registry.seats.count)
    for seat in registry.seats {
      let message = RosterMessage.survey(survey, from: index, number: number, first: 0)
      // A loop that has ended has no clients.
      if !seat.mailbox.send(message) {
        take(SurveyPart(), number, isLast: true, now: worker.loop.now)
      }
    }
  }

  func receive(_ message: RosterMessage, now: Moment) {
    switch message {
    case .survey(let survey, let seat, let number, let first):
      answer(survey, from: seat, number, first: first, now: now)
    case .part(let part, let number, let isLast): take(part, number, isLast: isLast, now: now)
    case .options(let options):
      // Their numbers go on.
      let identifiers = self.options.identifiers
      self.options = options
      self.options.identifiers = identifiers
      scheduleIdleCheck(now: now)
    case .released(let id): find(id)?.released(now: now)
    }
  }

  private func answer(
    _ survey: ClientSurvey, from seat: Int, _ number: UInt64, first: Int, now: Moment
  ) {
    var part = SurveyPart()
    if case .unblock(let byError) = survey.purpose {
      if let session = survey.filter.id.flatMap(find), let id = session.waitingLinkID {
        let call = UnblockCall(id, byError: byError) { [registry] reply in
          part.reply = reply
          _ = registry.seats[seat].mailbox.send(.part(part, number: number, isLast: true))
        }
        return call.begin(on: worker, now: now)
      }
      return report(part, to: seat, number, isLast: true)
    }
    if case .redirect = survey.purpose, let session = survey.filter.id.flatMap(find) {
      return nameTarget(session, to: seat, number, now: now)
    }
    let body = { (session: RESPSession) in
      if session.matches(survey, now: now) { session.heed(survey, &part, now: now) }
    }
    if let id = survey.filter.id {
      if let session = find(id) { body(session) }
      return report(part, to: seat, number, isLast: true)
    }
    guard let next = visit(from: first, atMost: Limits.rosterSliceMax, body) else {
      return report(part, to: seat, number, isLast: true)
    }
    report(part, to: seat, number, isLast: false)
    // In a later turn, so that nobody has to wait for long.
    _ = registry.seats[index].mailbox.send(.survey(survey, from: seat, number: number, first: next))
  }

  /// Has Redis able to send to a client, and says by which number.
  private func nameTarget(_ session: RESPSession, to seat: Int, _ number: UInt64, now: Moment) {
    let id = session.client.id
    session.becomeTarget(now: now) { [registry, index] result in
      var part = SurveyPart()
      switch result {
      case .named(let redisID):
        part.target = RedirectTarget(clientID: id, redisID: redisID, seat: registry.seats[index])
      case .gone: break
      case .refused(let error):
        var text = ByteBuffer()
        error.write(to: &text)
        part.reply = text.bytes.array
      }
      _ = registry.seats[seat].mailbox.send(.part(part, number: number, isLast: true))
    }
  }

  private func find(_ id: Int) -> RESPSession? {
    guard let session = place(of: id).map({ entries[$0].session }), !session.presence.hasDeparted
    else {
      return nil
    }
    return session
  }

  private func report(_ part: SurveyPart, to seat: Int, _ number: UInt64, isLast: Bool) {
    _ = registry.seats[seat].mailbox.send(.part(part, number: number, isLast: isLast))
  }

  private func take(_ part: SurveyPart, _ number: UInt64, isLast: Bool, now: Moment) {
    guard var inquiry = inquiries.removeValue(forKey: number) else { return }
    inquiry.found.add(part)
    inquiry.found.limitLines(to: options.outputBytesMax)
    if isLast { inquiry.awaited -= 1 }
    if inquiry.awaited > 0 {
      inquiries[number] = inquiry
    } else {
      inquiry.session.surveyed(inquiry.ticket, inquiry.survey, inquiry.found, now: now)
    }
  }
}

// MARK: Idle clients

extension ClientRoster: TimerTarget {
  private var idlePause: Duration {
    let share = options.idleTimeout / Limits.idleSlices
    return min(max(share, Limits.idlePauseMin), Limits.idlePauseMax)
  }

  private func scheduleIdleCheck(now: Moment) {
    guard options.idleTimeout > .zero, idleTimer == nil, count > 0 else { return }
    idleTimer = worker.loop.schedule(at: now.advanced(by: idlePause), self, token: 0)
  }

  /// A slice of the clients: all of them within the time of a few, unless there are very many.
  func timerFired(_ token: Int, now: Moment) {
    idleTimer = nil
    let share = entries.count / Limits.idleSlices + 1
    let next = visit(from: idleCursor, atMost: min(share, Limits.rosterSliceMax)) { session in
      session.closeIfIdle(for: options.idleTimeout, now: now)
    }
    idleCursor = next ?? 0
    scheduleIdleCheck(now: now)
  }
}

/// Has Redis end what it keeps a client waiting for: by the link that never waits.
private final class UnblockCall: Caller {
  private let id: Int
  private let byError: Bool
  private let report: ([UInt8]) -> Void

  init(_ id: Int, byError: Bool, _ report: @escaping ([UInt8]) -> Void) {
    self.id = id
    self.byError = byError
    self.report = report
  }

  func begin(on worker: Worker, now: Moment) {
    var request = ByteBuffer()
    request.appendCommand(argumentCount: 4)
    request.appendArgument("CLIENT")
    request.appendArgument("UNBLOCK")
    request.appendArgument(id)
    request.appendArgument(byError ? "ERROR" : "TIMEOUT")
    var passage = Passage(.control, database: 0, effect: .none)
    passage.delivery = .tree
    do throws(ProxyError) {
      try worker.pass(request.bytes, passage, for: self, ticket: 0, now: now)
    } catch {
      failed(0, because: error, now: now)
    }
  }

  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    var text = ByteBuffer()
    switch reply {
    case .success(.error(let error)): text.appendError(error.bytes.rawSpan)
    case .success(let value): text.appendInteger(value.int ?? 0)
    case .failure(let error): ProxyError.redis(error).write(to: &text)
    }
    report(text.bytes.array)
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {
    var text = ByteBuffer()
    error.write(to: &text)
    report(text.bytes.array)
  }

  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {}
  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {}
}

@available(*, unavailable)
extension ClientRoster: Sendable {}
