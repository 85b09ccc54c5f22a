internal import ProxyCore
internal import Synchronization

/// What Redis answers, over links that many share.
extension RESPSession: Caller {
  /// With a `note`, the reply is asked for as a whole and taken by `replied`.
  // Inlined because most requests have no note, and looking after one costs them more than all the rest.
  @inline(__always)
  func pass(
    _ spec: CommandSpec, _ request: RawSpan, _ length: Int, note: Note? = nil, now: Moment
  ) -> Step {
    var journey = journey(request, length)
    journey.strand = options.ordersAll ? .writes : spec.strand
    // Mostly nothing is fetched, nor under way over another strand.
    let fetchComesFirst =
      traffic.fetches > 0 && (options.ordersAll || traffic.fetchNames(anyOf: journey))
    if fetchComesFirst || !traffic.usesOnly(journey.strand) {
      let strand = traffic.strand(of: journey, preferring: journey.strand)
      if fetchComesFirst || strand == nil, worker.proxy.settings.rules.contains(.order) {
        return stall(.order)
      }
      journey.strand = strand ?? journey.strand
    }
    if traffic.isFull { return stall(.room) }
    // While requests of the client's are under way on one link of a strand, that one.
    if !traffic.uses(journey.strand) { chooseLink(of: journey.strand, now: now) }
    let isSpare = spareStrands[journey.strand]
    if worker.floodSwitch.load(ordering: .relaxed)
      && worker.isFlooded(
        journey.strand, client.version, database: client.database, isSpare: isSpare)
    {
      worker.waitForRoom(self, now: now)
      return stall(.link)
    }
    switch takePermit(now: now) {
    case .held: break
    case .none: return stall(.permit)
    case .refused(let error):
      reply(.limiter(error))
      return .done(length)
    }
    var passage = Passage(
      .shared(client.version, journey.strand, isSpare: isSpare), database: client.database,
      effect: spec.effect)
    passage.holdsPermit = true
    if note != nil { passage.delivery = .tree }
    beginIntents(request, journey, &passage.intents)
    send(request, passage, journey, note: note, now: now)
    return .done(length)
  }

  private func chooseLink(of strand: CommandStrand, now: Moment) {
    spareStrands[strand] = worker.prefersSpare(
      strand, client.version, database: client.database, now: now)
  }

  /// What a client sends to end what others do, or to learn of it.
  func passControl(_ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment) -> Step {
    guard traffic.isEmpty else { return stall(.quiet) }
    let passage = Passage(.control, database: client.database, effect: spec.effect)
    let note: Note? = spec.verb == .shutdown ? .shutdown : nil
    send(request, passage, Journey(.pass, bytes: length), note: note, blocks: true, now: now)
    return .done(length)
  }

  /// What a request names.
  func journey(_ request: RawSpan, _ length: Int) -> Journey {
    if keys.count == 1 && !keys.namesAll {
      let key = parser.arguments.bytes(keys[0].argument, in: request)
      return Journey(passing: worker.hash(key), bytes: length)
    }
    if keys.namesAll || keys.count > Limits.journeyKeysMax { return .namingAll(bytes: length) }
    var journey = Journey(.pass, bytes: length)
    for place in 0..<keys.count {
      journey.add(worker.hash(parser.arguments.bytes(keys[place].argument, in: request)))
    }
    return journey
  }

  /// Begins to write the keys that the request writes; `journey` has the hashes of all its keys, or none.
  func beginIntents(_ request: RawSpan, _ journey: Journey, _ intents: inout HeldIntents) {
    guard keys.writesAny else { return }
    if keys.count == 1 {
      let key = parser.arguments.bytes(keys[0].argument, in: request)
      return worker.beginIntent(key, hash: journey.hash(at: 0) ?? worker.hash(key), &intents)
    }
    if keys.count > Limits.journeyKeysMax { intents.reserve(keys.count) }
    for place in 0..<keys.count where keys[place].isWritten {
      let key = parser.arguments.bytes(keys[place].argument, in: request)
      worker.beginIntent(key, hash: journey.hash(at: place) ?? worker.hash(key), &intents)
    }
  }

  /// Sends a request that has all it needs; `blocks`: nothing else of the client's is looked at before its
  /// reply has come.
  func send(
    _ request: RawSpan, _ passage: consuming Passage, _ journey: Journey, note: Note? = nil,
    loan: Loan? = nil, blocks: Bool = false, isBlocking: Bool = false, now: Moment
  ) {
    let ticket = begin(journey)
    if let note { notes[ticket] = note }
    if case .confirmations = passage.delivery { queue.keep(ticket) }
    if let loan { loans[ticket] = loan }
    if blocks { blockedBy = Blocker(ticket: ticket, isBlocking: isBlocking) }
    do throws(ProxyError) {
      try worker.pass(request, passage, for: self, ticket: ticket, now: now)
    } catch {
      failed(ticket, because: error, now: now)
    }
  }

  // MARK: Permits

  /// Where the request at the head of the line stands with the limiter.
  enum Permit {
    case none, held
    case refused(LimiterError)
  }

  /// The permit of the request at hand; `none` where it is waited for.
  private func takePermit(now: Moment) -> Permit {
    defer { permit = .none }
    switch permit {
    case .held, .refused: return permit
    case .none: break
    }
    switch worker.admit(self, ticket: 0, now: now) {
    case .granted: return .held
    case .waiting: return .none
    case .refused(let error): return .refused(error)
    }
  }

  func linkHasRoom(now: Moment) {
    if stall == .link { resume() }
  }

  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {
    guard connection != nil else {
      if error == nil { worker.releasePermit() }
      return
    }
    permit = error.map { .refused($0) } ?? .held
    resume()
  }

  // MARK: Replies

  func relayed(
    _ ticket: UInt64, _ piece: RawSpan, _ place: ReplyPlace, now: Moment
  ) {
    if !notes.isEmpty, place.isFirst, let note = notes[ticket] {
      if !apply(note, piece, of: ticket, now: now) { return conclude(ticket, now: now) }
    }
    if logsAccess && place.isFirst && piece.begins(with: "-") {
      noteOutcome(.redisError, of: ticket)
    }
    let output = output
    queue.append(piece, to: ticket, output)
    if place.endsRequest { return conclude(ticket, to: output, now: now) }
    settleOutput()
    if let loan = loans[ticket] { slowDown(loan.link, of: ticket) }
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {
    if Self.isQuestion(ticket) { return answer(question: ticket, .failure(error)) }
    if case .shutdown = notes[ticket] {
      conclude(ticket, now: now)
      connection?.closeAfterFlushing()
      return
    }
    if case .subscription(let change, _) = notes[ticket] { subscriptions.undo(change) }
    let hasGone = hasGoneWaiting(for: ticket)
    if logsAccess { noteOutcome(hasGone ? .gone : AccessOutcome(error), of: ticket) }
    if hasGone {
      queue.drop(ticket)
      isEnding = true
    } else if case .quit = notes[ticket] {
      // It was lost with its link, and with that went what it was to end.
      answer(ticket) { $0.appendSimpleString("OK") }
    } else {
      answer(ticket) { error.write(to: &$0) }
    }
    conclude(ticket, RequestOutcome(error), now: now)
  }

  /// Lets a link wait for a client that takes its time: the one whose reply is next until the client has taken some
  /// of it, and others until a reply before theirs has ended.
  private func slowDown(_ link: PinnedLink, of ticket: UInt64) {
    guard let connection else { return }
    // What is not blocked leaves at the end of this turn.
    let unread = connection.isOutputBlocked ? connection.outputCount : 0
    let waiting = queue.isNext(ticket) ? unread : queue.buffered
    if waiting > Limits.relayedBytesMax { link.pauseReading() }
  }

  /// The client has taken what it was owed.
  func speedUp() {
    for loan in loans.values { loan.link.resumeReading() }
    pin?.link.resumeReading()
  }
}
