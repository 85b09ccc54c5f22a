internal import ProxyCore

/// One client: its requests in, its replies out, in order.
///
/// ```
/// bytes ─▶ parse ─▶ GET ─▶ memory ──────────────────────────────┐
///                    │       └ miss ─▶ Worker.fetch ────────────┤
///                    └▶ classify ─▶ kept here ──────────────────┼─▶ ReplyQueue ─▶ output
///                             ├▶ Worker.pass, shared link ──────┤
///                             └▶ Worker.pass, a link of its own ──┘
/// ```
///
/// A request that must wait for something is left in the connection's input, which is not read on until
/// then: a `Stall`. All state is touched on the worker's loop only.
final class RESPSession {
  // What every request asks for comes first, side by side: of each client it is a handful of the
  // processor's cache lines, and the kernel has driven them out since the client's last request.

  let worker: Worker
  @safe @exclusivity(unchecked) var connection: Connection?
  /// The link that the client has to itself, and why.
  @safe @exclusivity(unchecked) var pin: Pin?
  /// The rest of a request that is relayed as it comes.
  @safe @exclusivity(unchecked) var upload: Upload?
  @safe @exclusivity(unchecked) var namings: [(RedirectTarget.Naming) -> Void] = []
  /// The request whose reply must come before another one is looked at: it may change what they mean, or
  /// keeps the client blocked, and then Redis would not listen either.
  @safe @exclusivity(unchecked) var blockedBy: Blocker?
  @safe @exclusivity(unchecked) var stall: Stall?
  /// Whether answers that were known at once are more than may wait.
  @safe @exclusivity(unchecked) private var owesTooMuch = false
  /// Whether its connection counts what waits for replies before it.
  @safe @exclusivity(unchecked) private var holdsOutput = false
  /// The client has said its last word: the connection ends with the last reply.
  @safe @exclusivity(unchecked) var isEnding = false
  /// Since when the request at the head of the line has had to wait.
  @safe @exclusivity(unchecked) var waitingSince: Moment?
  /// What the bytes begin with that were announced and have not been looked at.
  @safe @exclusivity(unchecked) var foreseen: ForeseenGet?
  /// What the client has had the proxy remember; it counts as what waits for it does.
  @safe @exclusivity(unchecked) private var keptBytes = 0
  @safe @exclusivity(unchecked) var presence: ClientPresence
  @safe @exclusivity(unchecked) var queue = ReplyQueue()
  @safe @exclusivity(unchecked) var client: ClientState
  @safe @exclusivity(unchecked) var parser = RequestParser()
  @safe @exclusivity(unchecked) var traffic = Traffic()
  /// The strands over whose spare links it sends.
  @safe @exclusivity(unchecked) var spareStrands = StrandSet()

  let options: RESPOptions
  @safe @exclusivity(unchecked) var keys = KeyList()
  @safe @exclusivity(unchecked) var ledger = RequestLedger()
  /// What the request at hand counts as where it is answered at once.
  @safe @exclusivity(unchecked) var outcome = RequestOutcome.local
  @safe @exclusivity(unchecked) var access = AccessNotes()
  /// Links that only carry one large reply or request, by its ticket.
  @safe @exclusivity(unchecked) var loans: [UInt64: Loan] = [:]
  /// What to do about a reply on the client's own link once its first bytes tell how it ended.
  @safe @exclusivity(unchecked) var notes: [UInt64: Note] = [:]
  @safe @exclusivity(unchecked) var subscriptions = Subscriptions()
  /// Whether the rest of what is coming unasked is not for the client.
  @safe @exclusivity(unchecked) var skipsMessage = false
  /// How many others have their invalidations sent here; `namings` are those who are about to.
  var redirectors = 0
  @safe @exclusivity(unchecked) var permit = Permit.none
  /// Whether the request at the head of the line may be executed, where Redis had to be asked.
  @safe @exclusivity(unchecked) var clearance: Clearance?
  /// Where its loop's clients are known; nil on its own.
  @safe @exclusivity(unchecked) var roster: ClientRoster?
  @safe @exclusivity(unchecked) private var scratch = ByteBuffer()
  private let detached: OutputBuffer

  /// What a client waits for before its next request is looked at.
  enum Stall: Equatable {
    /// A request under way that names the same key.
    case order
    /// Everything that is under way.
    case quiet
    /// The number or the bytes of what is under way.
    case room
    /// A permit.
    case permit
    /// The client's own link, which has not taken what it was given.
    case upload
    /// A shared link over which too much waits to be sent.
    case link
    /// What Redis says to whether the client may do it.
    case clearance
  }

  struct Blocker {
    let ticket: UInt64
    /// Whether its reply may take for ever, so that shutdown does not wait for it.
    let isBlocking: Bool
    /// Whether more than its reply may come.
    var isSolitary = false
  }

  /// What becomes of the connection.
  enum SessionVerdict: Equatable {
    /// The first `count` bytes are done with; of what follows, `needing` bytes are needed.
    case taken(_ count: Int, needing: Int)
    /// The same, but what follows must wait.
    case stalled(_ count: Int)
    /// Nothing more is read; what is owed is sent.
    case finished
    /// Nothing more is read or sent.
    case aborted
  }

  /// What came of one request, or of a piece of it.
  enum Step: Equatable {
    case done(Int)
    case needsMore(atLeast: Int)
    case stalled
    case finish, abort
  }

  init(id: Int, options: RESPOptions, worker: Worker, output: OutputBuffer = OutputBuffer()) {
    self.worker = worker
    self.options = options
    client = ClientState(
      id: id, greeting: options.greeting,
      homeDatabase: UInt32(clamping: worker.proxy.settings.url.database))
    client.isAuthenticated = options.password == nil
    parser.isAuthenticated = client.isAuthenticated
    detached = output
    presence = ClientPresence(now: worker.loop.now)
  }

  deinit { roster?.leave(self) }

  /// Where replies go that are due.
  var output: OutputBuffer { connection?.output ?? detached }

  // MARK: Requests

  /// Executes the requests in `bytes`, which begin with the first byte that was not taken. O(bytes).
  func take(_ bytes: RawSpan, now: Moment) -> SessionVerdict {
    var offset = 0
    let foreseen = foreseen
    self.foreseen = nil
    while true {
      if isOrdinary { answerHits(bytes, from: &offset, foreseen, now: now) }
      if offset == bytes.byteCount { break }
      if mustBePinned { settleNamings(now: now) }
      if blockedBy != nil || mustBePinned {
        stall = .quiet
        return .stalled(offset)
      }
      let rest = bytes.extracting(offset..<bytes.byteCount)
      let step = upload == nil ? parse(rest, now: now) : relayUpload(rest, now: now)
      switch step {
      case .done(let count):
        offset &+= count
        waitingSince = nil
        // Short requests may have long answers: within one batch, too.
        if owesTooMuch { return .aborted }
      case .needsMore(let count): return .taken(offset, needing: rest.byteCount &+ count)
      case .stalled:
        waitingSince = waitingSince ?? now
        return .stalled(offset)
      case .finish: return .finished
      case .abort: return .aborted
      }
    }
    // An idle client keeps room for a common request, and no more.
    if parser.arguments.allocatedCount > Limits.sessionArgumentsKeptMax { parser.releaseMemory() }
    return .taken(offset, needing: 0)
  }

  private func parse(_ bytes: RawSpan, now: Moment) -> Step {
    switch parser.parse(bytes) {
    case .command(let length): return execute(bytes.extracting(0..<length), length, now: now)
    case .inlineCommand(let length):
      let canonical = parser.canonical.bytes.array
      return execute(canonical.rawSpan, length, now: now)
    case .nothing(let length):
      client.replies.advance()
      return .done(length)
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .large(let large): return executeLarge(large, in: bytes, now: now)
    case .refused(let error): return refuse(error)
    }
  }

  /// As Redis does: a request past the limit of a whole one ends without a word.
  func refuse(_ error: ProtocolError) -> Step {
    if logsAccess { noteRefusal(now: worker.loop.now) }
    if error == .requestTooBig { return .abort }
    if !client.replies.drops { reply { error.write(to: &$0) } }
    return .finish
  }

  /// A request that has come as a whole: `length` bytes of the connection's.
  private func execute(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    let step: Step
    // `GET key` of a client that shares what the cache has.
    if pin == nil && client.isAuthenticated && parser.isGet(request) {
      presence.command = .get
      step = get(request, length, now: now)
      if logsAccess { noteGet(request, step, now: now) }
    } else {
      let spec = worker.classify(parser.arguments, in: request, keys: &keys)
      let ticket = queue.nextTicket
      outcome = .local
      step = dispatch(spec, request, length, now: now)
      if spec.isTimed { record(request, of: ticket, step, now: now) }
      if step != .stalled && queue.nextTicket == ticket {
        worker.record(.resp, outcome, since: waitingSince ?? now, now: now)
      }
      if logsAccess { note(spec, request, step, now: now) }
    }
    if step != .stalled { client.replies.advance() }
    return step
  }

  private func dispatch(
    _ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment
  ) -> Step {
    let name = parser.arguments.bytes(0, in: request)
    if !spec.isKnown && RequestParser.isCrossProtocol(name) { return .abort }
    if !client.isAuthenticated && !spec.verb.isAllowedToAnybody {
      noteOutcome(.refused)
      reply { $0.appendError("NOAUTH Authentication required.") }
      return .done(length)
    }
    presence.command = LatestCommand(spec, of: worker.commandsID)
    if let step = administer(spec, request, length, now: now) { return step }
    switch spec.routing {
    case .kept where isKeptHere(spec): return keep(spec, request, length, now: now)
    case .refused(let refusal) where pin?.isInTransaction == true:
      return refuseQueueing(refusal.message, length, now: now)
    case .refused(let refusal):
      noteOutcome(.refused)
      reply { $0.appendError(refusal.message) }
      return .done(length)
    case _ where pin != nil: return passPinned(spec, request, length, now: now)
    case .shared where length > Limits.sharedRequestBytesMax:
      // It goes over a link of the client's own, so that others do not wait until it has gone.
      break
    case .shared:
      // By a switch, because comparing another module's enums takes calls through their conformance.
      switch spec.verb {
      case .mget where options.cachesMultipleGets:
        return getMany(spec, request, length, now: now)
      // It may sleep, and push something.
      case .debug: break
      default: return pass(spec, request, length, now: now)
      }
    case .transactionEnd: return pass(spec, request, length, now: now)
    case .control: return passControl(spec, request, length, now: now)
    case .transaction, .subscription, .blocking, .solitary, .session, .unknown, .wait, .kept: break
    }
    guard traffic.isEmpty else { return stall(.quiet) }
    if let refusal = takePin() {
      reply(refusal)
      return .done(length)
    }
    return passPinned(spec, request, length, now: now)
  }

  func stall(_ reason: Stall) -> Step {
    stall = reason
    return .stalled
  }

  // MARK: Replies

  /// A reply that is known at once, in its place.
  func reply(_ body: (inout ByteBuffer) -> Void) {
    if client.replies.drops { return }
    if queue.isEmpty {
      body(&output.bytes)
    } else {
      withScratch { text in
        body(&text)
        queue.appendTail(text.bytes)
      }
    }
    if queue.buffered + output.count > options.outputBytesMax { owesTooMuch = true }
  }

  func reply(_ error: ProxyError) {
    outcome = RequestOutcome(error)
    noteOutcome(AccessOutcome(error))
    reply { error.write(to: &$0) }
  }

  /// Puts the reply of a ticket together.
  func answer(_ ticket: UInt64, _ body: (inout ByteBuffer) -> Void) {
    withScratch { text in
      body(&text)
      queue.append(text.bytes, to: ticket, output)
    }
  }

  /// Somewhere to put a few bytes together; taken out of the session meanwhile.
  func withScratch(_ body: (inout ByteBuffer) -> Void) {
    var text = ByteBuffer()
    swap(&text, &scratch)
    body(&text)
    text.removeAll()
    if text.allocated <= Limits.sessionScratchKeptMax { swap(&text, &scratch) }
  }

  /// A place for a reply that comes later.
  func begin(_ journey: Journey) -> UInt64 {
    traffic.begin(journey)
    if logsAccess { access.ticket = queue.nextTicket }
    return queue.add(
      journey, since: waitingSince ?? worker.now, isDropped: client.replies.drops)
  }

  /// The reply of a ticket is complete. Without an outcome, Redis has answered.
  func conclude(_ ticket: UInt64, _ outcome: RequestOutcome? = nil, now: Moment) {
    conclude(ticket, outcome, to: output, now: now)
  }

  func conclude(
    _ ticket: UInt64, _ outcome: RequestOutcome? = nil, to output: OutputBuffer, now: Moment
  ) {
    guard let ended = queue.finish(ticket, output) else { return }
    traffic.end(ended.journey)
    worker.record(
      .resp, outcome ?? usualOutcome(of: ended.journey, ticket), since: ended.start, now: now)
    if !ended.entry.isEmpty { settle(ended.entry, now: now) }
    if !access.pending.isEmpty { noteEnd(of: ticket) }
    if hasSpecials { concludeSpecial(ticket, now: now) }
    if queue.buffered > 0 || holdsOutput { settleOutput() }
    if stall != nil || isEnding { wake(now: now) }
  }

  private func usualOutcome(of journey: Journey, _ ticket: UInt64) -> RequestOutcome {
    if case .fetch = journey.way { return .miss }
    return blockedBy?.ticket == ticket && blockedBy?.isBlocking == true ? .blocked : .passed
  }

  /// Whether there is more to the end of a request than its reply.
  private var hasSpecials: Bool {
    blockedBy != nil || pin != nil || !loans.isEmpty || !notes.isEmpty || !namings.isEmpty
  }

  private func concludeSpecial(_ ticket: UInt64, now: Moment) {
    notes[ticket] = nil
    if blockedBy?.ticket == ticket { endBlock() }
    if upload?.ticket == ticket { endPassingOn() }
    if let loan = loans.removeValue(forKey: ticket) {
      worker.unpin(loan.link, isClean: loan.isClean, now: now)
    }
    if !loans.isEmpty { speedUp() }
    settleNamings(now: now)
    leavePinIfIdle(now: now)
  }

  /// Goes on with the requests that are left, if what they wait for is there.
  private func wake(now: Moment) {
    let goesOn =
      switch stall {
      case .order: true
      case .quiet: traffic.isEmpty
      case .room: !traffic.isFull
      case .permit, .upload, .link, .clearance, nil: false
      }
    if goesOn { resume() }
    if isEnding && queue.isEmpty { depart(now: now) }
  }

  func resume() {
    stall = nil
    if !isEnding { connection?.resumeReading() }
  }

  /// Closes a client that does not take what it is owed, and lets links go on that waited for it.
  func settleOutput() {
    if let connection { settleOutput(on: connection) }
  }

  func settleOutput(on connection: Connection) {
    holdsOutput = queue.buffered > 0
    connection.settleOutput(holding: queue.buffered + keptBytes)
  }

  /// After what may have changed it.
  func noteKept() {
    keptBytes = client.keptBytes + subscriptions.bytes + (pin?.queued.keptBytes ?? 0)
  }
}

extension CommandVerb {
  /// Whether a client may use it before it has given the password.
  fileprivate var isAllowedToAnybody: Bool {
    switch self {
    case .auth, .hello, .quit, .reset: true
    default: false
    }
  }
}
