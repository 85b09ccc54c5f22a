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
    worker.gather(from: registry.seats.count) { [registry] number, reply in
      registry.seats[number].mailbox.send(
        .survey(survey, part: SurveyPart(), first: 0, reply: reply))
    } end: { [unowned self] (parts: [SurveyPart?]) in
      var found = SurveyPart()
      for case let part? in parts {
        found.add(part)
        found.limitLines(to: options.outputBytesMax)
      }
      session.surveyed(ticket, survey, found, now: worker.now)
    }
  }

  func receive(_ message: RosterMessage, now: Moment) {
    switch message {
    case .survey(let survey, let part, let first, let reply):
      answer(survey, part, first: first, reply, now: now)
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
    _ survey: ClientSurvey, _ former: SurveyPart, first: Int,
    _ reply: @escaping @Sendable (SurveyPart) -> Void, now: Moment
  ) {
    var part = former
    if case .unblock(let byError) = survey.purpose {
      guard let session = survey.filter.id.flatMap(find), let id = session.waitingLinkID else {
        return reply(part)
      }
      let call = UnblockCall(id, byError: byError) { text in
        part.reply = text
        reply(part)
      }
      return call.begin(on: worker, now: now)
    }
    if case .redirect = survey.purpose, let session = survey.filter.id.flatMap(find) {
      return nameTarget(session, reply, now: now)
    }
    let body = { (session: RESPSession) in
      if session.matches(survey, now: now) { session.answer(survey, &part, now: now) }
    }
    if let id = survey.filter.id {
      if let session = find(id) { body(session) }
      return reply(part)
    }
    let next = visit(from: first, atMost: Limits.rosterSliceMax, body)
    part.limitLines(to: options.outputBytesMax)
    guard let next else { return reply(part) }
    // In a later turn, so that other clients are served in between.
    let rest = RosterMessage.survey(survey, part: part, first: next, reply: reply)
    if !registry.seats[index].mailbox.send(rest) { reply(part) }
  }

  /// Has Redis able to send to a client, and says by which number.
  private func nameTarget(
    _ session: RESPSession, _ reply: @escaping @Sendable (SurveyPart) -> Void, now: Moment
  ) {
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
      reply(part)
    }
  }

  private func find(_ id: Int) -> RESPSession? {
    guard let session = place(of: id).map({ entries[$0].session }), !session.presence.hasDeparted
    else {
      return nil
    }
    return session
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

/// Who is let in.
extension ClientRoster {
  /// Takes a new client in, or tells it why not.
  func admit(_ connection: Connection) -> (any ConnectionHandler)? {
    let admission = worker.proxy.admit(
      connection, by: .resp, isServed: options.serves(connection.peer),
      outputBytesMax: options.outputBytesMax)
    switch admission {
    case .admitted: break
    case .tooMany: return refuse(connection, "ERR max number of clients reached")
    case .stranger: return refuse(connection, RESPOptions.denial)
    }
    let session = RESPSession(id: options.identifiers.next(), options: options, worker: worker)
    session.connection = connection
    join(session)
    return session
  }

  private func refuse(
    _ connection: Connection, _ error: StaticString
  ) -> (any ConnectionHandler)? {
    refusals.refuse(connection, atMost: worker.proxy.refusalsMax) { $0.appendError(error) }
  }
}

extension RESPOptions {
  func serves(_ peer: SocketAddress?) -> Bool {
    ClientAdmission.serves(peer, isProtected: isProtected, hasPassword: password != nil)
  }

  /// It begins with Redis's words; what can be done about it is set here, not there.
  static let denial: StaticString = """
    DENIED Redis is running in protected mode because protected mode is enabled and no password is set \
    for the default user. In this mode connections are only accepted from the loopback interface. \
    This is a proxy before Redis: set its PASSWORD, or PROTECTED_MODE to no if everybody who can reach \
    it may use it, and restart it.
    """
}
