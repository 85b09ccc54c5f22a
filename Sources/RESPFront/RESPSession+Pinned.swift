internal import ProxyCore

/// What a client keeps at Redis, over a link that it has to itself. There Redis sees its commands as they
/// are and in order; the cache owes to them what it owes to all.
extension RESPSession {
  /// Takes a link; says why there is none.
  func takePin(as identity: LinkIdentity? = nil) -> ProxyError? {
    do throws(ProxyError) {
      let link = try worker.pin(
        client.version, database: client.database, identity: identity, for: self)
      pin = Pin(link: link)
      return nil
    } catch {
      return error
    }
  }

  func passPinned(_ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment) -> Step {
    defer { noteKept() }
    guard let link = pin?.link else { return .done(length) }
    if traffic.isFull { return stall(.room) }
    if spec.routing == .solitary { link.endWithClient() }
    var passage = Passage(.pinned(link), database: client.database, effect: spec.effect)
    var note: Note?
    if pin?.isInTransaction == true {
      if spec.verb == .clientReply {
        // Redis would mangle the reply to EXEC, and then not answer this link any more.
        return refuseQueueing("ERR CLIENT REPLY is not possible in a transaction", length, now: now)
      }
      if let question = substitute(for: spec) {
        pin?.queued.commandCount += 1
        let journey = Journey(.pass, bytes: max(length, question.count))
        send(question.rawSpan, passage, journey, now: now)
        return .done(length)
      }
      note = queueOrEnd(spec, request, &passage)
    } else {
      beginIntents(request, journey(request, length), &passage.intents)
      note = prepare(spec, request, &passage, now: now)
    }
    let isAlone = pin?.isInTransaction == false
    let isBlocking = (spec.routing == .blocking || spec.routing == .wait) && isAlone
    let isSolitary = spec.routing == .solitary && isAlone
    let blocks = isBlocking || isSolitary || passage.delivery == .transaction
    send(
      request, passage, Journey(.pass, bytes: length), note: note, blocks: blocks,
      isBlocking: isBlocking, now: now)
    if isSolitary { blockedBy?.isSolitary = true }
    return .done(length)
  }

  /// Refuses what Redis is not to queue, and has it refuse EXEC, as after whatever it refuses itself.
  func refuseQueueing(_ error: StaticString, _ length: Int, now: Moment) -> Step {
    let refused = Array("*1\r\n$4\r\nECHO\r\n".utf8)
    try? pin?.link.precede(with: refused.rawSpan, now: now)
    reply { $0.appendError(error) }
    return .done(length)
  }

  /// What a command outside of a transaction changes about the client's state at Redis.
  private func prepare(
    _ spec: CommandSpec, _ request: RawSpan, _ passage: inout Passage, now: Moment
  ) -> Note? {
    if isConfined && spec.routing != .subscription { return .stateUnlessError }
    switch spec.routing {
    case .transaction where spec.accepts(argumentCount: parser.arguments.count):
      if spec.verb == .watch { pin?.isWatching = true } else { pin?.isInTransaction = true }
      return spec.verb == .watch ? nil : .multi
    // EXEC and DISCARD are errors here, and leave what is watched as it is.
    case .transactionEnd
    where spec.verb == .unwatch && spec.accepts(argumentCount: parser.arguments.count):
      pin?.isWatching = false
    case .session where spec.verb == .clientTracking:
      let isOn =
        parser.arguments.count > 2
        && parser.arguments.bytes(2, in: request).equalsIgnoringCase("on")
      return .tracking(Pin.TrackingChange(isOn: isOn))
    case .session:
      if spec.verb == .monitor {
        pin?.isMonitoring = true
        pin?.link.endWithClient()
      }
      return .stateUnlessError
    case .unknown: return .unknownCommand
    case .subscription:
      let change = SubscriptionChange(spec.verb, parser.arguments, in: request)
      passage.delivery = .confirmations(subscriptions.begin(change))
      return .subscription(change, isUnheard: client.replies.drops)
    case .wait:
      // What the client wrote over other links counts, once something was executed on this one.
      try? pin?.link.precede(with: Array("*1\r\n$4\r\nPING\r\n".utf8).rawSpan, now: now)
    case .kept: return .stateUnlessError
    case .shared, .blocking, .solitary, .control, .refused, .transaction, .transactionEnd: break
    }
    return nil
  }

  /// Between MULTI and EXEC nothing is executed: its keys are remembered for then.
  private func queueOrEnd(
    _ spec: CommandSpec, _ request: RawSpan, _ passage: inout Passage
  ) -> Note? {
    passage.effect = .none
    guard spec.accepts(argumentCount: parser.arguments.count) else {
      // Refused, and never queued; only EXEC ends the transaction even so.
      if spec.verb == .exec { pin?.endTransaction() }
      return nil
    }
    switch spec.verb {
    case .exec:
      guard let queued = pin?.queued else { return nil }
      passage.effect = queued.isUncountable ? max(queued.effect, .fence) : queued.effect
      for key in queued.keys {
        worker.beginIntent(key.rawSpan, hash: worker.hash(key.rawSpan), &passage.intents)
      }
      expectElements(of: queued, &passage)
      pin?.endTransaction()
      if queued.leavesState { pin?.leavesState = true }
      return .exec(queued)
    case .discard: pin?.endTransaction()
    // Redis refuses them, queues nothing and goes on.
    case .multi, .watch: break
    default: queue(spec, request)
    }
    return nil
  }

  private func queue(_ spec: CommandSpec, _ request: RawSpan) {
    if spec.verb == .clientTracking {
      let isOn = parser.arguments.bytes(2, in: request).equalsIgnoringCase("on")
      pin?.queued.add(Pin.TrackingChange(isOn: isOn))
      return
    }
    if spec.routing == .subscription {
      pin?.queued.add(SubscriptionChange(spec.verb, parser.arguments, in: request))
      return
    }
    pin?.queued.commandCount += 1
    switch spec.routing {
    case .session, .unknown: pin?.queued.leavesState = true
    case .kept: queueKept(spec, request)
    default:
      let effect = pin?.queued.effect ?? .none
      pin?.queued.effect = max(effect, spec.effect)
      // What it only reads as well: no write needs that, but what it has seen a script or a stranger
      // write would otherwise be older again for its client, if read from memory before Redis tells.
      for place in 0..<keys.count {
        pin?.queued.add(parser.arguments.bytes(keys[place].argument, in: request))
      }
    }
  }

  /// What the proxy keeps otherwise, but Redis executes at its place in the transaction.
  private func queueKept(_ spec: CommandSpec, _ request: RawSpan) {
    pin?.queued.leavesState = true
    switch spec.verb {
    case .select:
      // What is no number of a database Redis does not obey.
      if let number = Decimal(parser.arguments.bytes(1, in: request))?.value,
        let database = UInt32(exactly: number)
      {
        pin?.queued.addSelection(of: database)
      }
    case .clientSetName:
      let name = parser.arguments.bytes(2, in: request)
      if ClientState.isName(name) { pin?.queued.name = name.array }
    case .auth: pin?.queued.changesIdentity = true
    case .hello:
      var refusal = ByteBuffer()
      var hello = HelloRequest()
      guard hello.read(parser.arguments, in: request, refusal: &refusal) else { return }
      if hello.credentials != nil { pin?.queued.changesIdentity = true }
      pin?.queued.version = hello.version ?? pin?.queued.version
      pin?.queued.name = hello.name ?? pin?.queued.name
    default: break
    }
  }

  /// Has the link know where confirmations, and answers to SELECTs, will stand among the elements of the reply.
  private func expectElements(of queued: Pin.Queued, _ passage: inout Passage) {
    if queued.subscriptionChanges.isEmpty && queued.selections.isEmpty { return }
    passage.delivery = .transaction
    passage.selections = queued.selections.map(\.element)
    pin?.selecting = queued.selections.map(\.database)
    var expected = subscriptions
    passage.confirmations = queued.subscriptionChanges.map {
      ($0.element, expected.begin($0.change))
    }
  }

  /// What gets the proxy's own answer from Redis, at its place in the transaction.
  private func substitute(for spec: CommandSpec) -> [UInt8]? {
    guard spec.accepts(argumentCount: parser.arguments.count) else { return nil }
    var question = ByteBuffer()
    switch spec.verb {
    case .clientGetName:
      let name = pin?.queued.name ?? client.name
      question.appendCommand(argumentCount: name.isEmpty ? 3 : 2)
      question.appendArgument(name.isEmpty ? "EVAL" : "ECHO")
      if name.isEmpty {
        question.appendArgument("return nil")
        question.appendArgument("0")
      } else {
        question.appendArgument(name)
      }
    case .clientID:
      question.appendCommand(argumentCount: 3)
      question.appendArgument("EVAL")
      question.appendArgument(Array("return \(client.id)".utf8))
      question.appendArgument("0")
    default: return nil
    }
    return question.bytes.array
  }

  /// Gives the link back once it holds nothing of the client's.
  func leavePinIfIdle(now: Moment) {
    guard let pin, traffic.isEmpty, pin.isIdle, !isTarget else { return }
    self.pin = nil
    worker.unpin(pin.link, isClean: !pin.wasReset, now: now)
  }

  /// Whether others have named the client as the one to send to, or are about to.
  var isTarget: Bool { redirectors > 0 || !namings.isEmpty }

  /// Gives the link back whatever it holds.
  func abandonPin(now: Moment) {
    guard let pin else { return }
    self.pin = nil
    subscriptions = Subscriptions()
    worker.unpin(pin.link, isClean: false, now: now)
  }

  // MARK: What comes

  /// What to do once the first bytes of a reply tell how the request ended.
  enum Note {
    /// A command that the table does not have.
    case unknownCommand
    /// One that leaves something at Redis, if it is executed.
    case stateUnlessError
    case multi
    case subscription(SubscriptionChange, isUnheard: Bool)
    case select(UInt32)
    case exec(Pin.Queued)
    /// SHUTDOWN, to which Redis says nothing if it obeys: it hangs up.
    case shutdown
    /// AUTH; with what follows where it was part of a HELLO.
    case identity(user: [UInt8], then: HelloRequest?)
    case tracking(Pin.TrackingChange)
    /// Whether and whereto Redis sends invalidations, in its own numbers.
    case redirection
    /// RESET of a client that has a link of its own.
    case reset
    /// QUIT of such a client.
    case quit
    /// `INFO`, which the proxy adds to.
    case details
  }

  /// Acts upon a note. False: the reply has been written, and this one is not for the client.
  func apply(_ note: Note, _ piece: RawSpan, of ticket: UInt64, now: Moment) -> Bool {
    notes[ticket] = nil
    let isError = piece.begins(with: "-")
    switch note {
    case .unknownCommand:
      let isUnknown = piece.begins(with: "-ERR unknown ") || piece.begins(with: "-ERR Unknown ")
      if !isUnknown { pin?.leavesState = true }
    case .stateUnlessError: if !isError { pin?.leavesState = true }
    case .shutdown: break
    case .multi: if isError { pin?.endTransaction(keepsWatching: true) }
    case .subscription(let change, let isUnheard):
      if isError {
        subscriptions.undo(change)
        // What is confirmed is heard even by those who want no replies.
        if isUnheard { queue.drop(ticket) }
      }
    case .select(let database):
      if !isError {
        client.database = database
        worker.knownDatabases.insert(database)
      }
    case .exec(let queued):
      if piece.begins(with: "*") && !piece.begins(with: "*-") { executed(queued) }
    case .identity(let user, let hello):
      if isError { return true }
      pin?.leavesState = true
      pin?.hasIdentity = true
      pin?.user = user
      guard let hello else { return true }
      speak(hello.version, now: now)
      answer(ticket) { greetClient(hello, &$0) }
      return false
    case .tracking(let change): if !isError { pin?.apply(change) }
    case .reset:
      resetPin(now: now)
      if !isError || isTarget { return true }
      // Redis has it since 6.2: before, what the client keeps there ends with its link.
      pin?.link.endWithClient()
      answer(ticket) { $0.appendSimpleString("RESET") }
      return false
    case .details, .redirection, .quit: break
    }
    return true
  }

  /// A transaction was executed, and with it what it does to the client's own state.
  private func executed(_ queued: Pin.Queued) {
    client.name = queued.name ?? client.name
    if let version = queued.version {
      client.version = version
      pin?.link.noteVersion(version)
    }
    if queued.changesIdentity { pin?.hasIdentity = true }
    pin?.apply(queued.trackingChanges)
    for (_, change) in queued.subscriptionChanges { _ = subscriptions.begin(change) }
  }

  /// The request has ended that the client's next ones waited for. Where it was an EXEC with SELECTs, it is
  /// known by now which of them Redis has obeyed.
  func endBlock() {
    blockedBy = nil
    guard let pin, !pin.selecting.isEmpty else { return }
    if let place = pin.link.lastSelection, place < pin.selecting.count {
      client.database = pin.selecting[place]
      worker.knownDatabases.insert(client.database)
    }
    pin.selecting = []
  }

  func unasked(_ piece: RawSpan, _ place: ReplyPlace, after ticket: UInt64, now: Moment) {
    guard pin != nil else { return }
    if place.isFirst { skipsMessage = isExcess(piece) || replacesPush(piece, after: ticket) }
    if !skipsMessage { queue.appendUnasked(piece, after: ticket, output) }
    settleOutput()
    // Messages do not wait for a slow subscriber, as they do not at Redis: past its limit it is closed.
  }

  /// Whether it is the rest of an error with line ends in it, and so no message.
  private func isExcess(_ piece: RawSpan) -> Bool {
    blockedBy?.isSolitary == true && pin?.isMonitoring == false && !piece.begins(with: ">")
  }

  /// What the client kept at Redis is gone, and only it knows what that was: as if Redis had closed it.
  func linkEnded(_ link: PinnedLink, because error: RedisError, now: Moment) {
    guard link === pin?.link else { return }
    // A client that Redis has not authenticated holds no state there, whatever it has asked for.
    let wasIdle = (pin?.holdsNothing ?? true || link.wasTurnedAway(because: error)) && !isTarget
    pin = nil
    subscriptions = Subscriptions()
    endNamings(.refused(.redis(error)))
    if !wasIdle { depart(now: now) }
  }
}

extension RawSpan {
  func begins(with text: StaticString) -> Bool {
    byteCount >= text.utf8CodeUnitCount && extracting(0..<text.utf8CodeUnitCount).equals(text)
  }
}
