internal import ProxyCore

/// `CLIENT TRACKING … REDIRECT id`: the id is the proxy's, and Redis is told its own. The
/// named client keeps a link of its own for as long as a client names it.
///
/// ```
///   client: takes a link ─▶ survey ─▶ target: takes a link, is connected ─▶ number ─┐
///           tells Redis  ◀──────────────────────────────────────────────────────────┘
/// ```
extension RESPSession {
  /// Nil where there is nothing to translate.
  func redirect(
    _ request: RawSpan, _ length: Int, _ roster: ClientRoster, now: Moment
  ) -> Step? {
    var wanted = ClientSurvey.TrackingRequest()
    for index in 0..<parser.arguments.count {
      let word = parser.arguments.bytes(index, in: request)
      if index == 2 { wanted.isOn = word.equalsIgnoringCase("on") }
      if index >= 3 && wanted.place == 0 && word.equalsIgnoringCase("redirect") {
        wanted.place = index + 1
      } else if index >= 3 && index == wanted.place {
        // Redis itself says what is wrong with one that is none.
        guard let id = Decimal(word)?.value else { return nil }
        wanted.id = id
      }
      wanted.words.append(word.array)
    }
    guard wanted.place > 0 && wanted.place < wanted.words.count else { return nil }
    guard traffic.isEmpty else { return stall(.quiet) }
    // Before anybody is asked: two who name each other would wait for each other's link.
    if pin == nil, let refusal = takePin() {
      reply(refusal)
      return .done(length)
    }
    var filter = ClientFilter()
    filter.id = wanted.id
    let survey = ClientSurvey(
      purpose: .redirect(wanted), filter: filter, asker: client.id)
    let ticket = begin(Journey(.pass, bytes: length))
    blockedBy = Blocker(ticket: ticket, isBlocking: false)
    roster.inquire(survey, for: self, ticket: ticket)
    return .done(length)
  }

  /// It is known by which number Redis knows the client of that id.
  func passRedirection(
    _ ticket: UInt64, _ wanted: ClientSurvey.TrackingRequest, _ found: SurveyPart, now: Moment
  ) {
    if let refusal = found.reply {
      answer(ticket) { $0.append(refusal) }
      return conclude(ticket, now: now)
    }
    guard let link = pin?.link else { return conclude(ticket, now: now) }
    var request = ByteBuffer()
    request.appendCommand(argumentCount: wanted.words.count)
    for (index, word) in wanted.words.enumerated() {
      if index == wanted.place {
        // It is Redis that refuses a client that is not there: it has none of the last number.
        request.appendArgument(found.target?.redisID ?? Int.max)
      } else {
        request.appendArgument(word)
      }
    }
    let change = Pin.TrackingChange(isOn: wanted.isOn, target: found.target)
    if pin?.isInTransaction == true {
      pin?.queued.add(change)
    } else {
      notes[ticket] = .tracking(change)
    }
    let passage = Passage(.pinned(link), database: client.database, effect: .none)
    do throws(ProxyError) {
      try worker.pass(request.bytes, passage, for: self, ticket: ticket, now: now)
    } catch {
      failed(ticket, because: error, now: now)
    }
  }

  // MARK: What Redis says of it

  /// `CLIENT GETREDIR` and `CLIENT TRACKINGINFO`: Redis knows, and says its own number of the target.
  func askForRedirection(_ request: RawSpan, _ length: Int, now: Moment) -> Step? {
    guard let link = pin?.link else { return nil }
    if traffic.isFull { return stall(.room) }
    var passage = Passage(.pinned(link), database: client.database, effect: .none)
    passage.delivery = .tree
    send(request, passage, Journey(.pass, bytes: length), note: .redirection, now: now)
    return .done(length)
  }

  func answerRedirection(_ ticket: UInt64, _ reply: RESPValue) {
    let version = client.version
    answer(ticket) { output in
      guard let pairs = reply.pairs else {
        return output.appendInteger(ownID(of: reply.int ?? -1))
      }
      output.appendMapHeader(count: pairs.count, version)
      for pair in pairs {
        output.appendBulk(pair.key.bytes ?? [])
        if let number = pair.value.int {
          output.appendInteger(ownID(of: number))
          continue
        }
        let words = pair.value.elements ?? []
        if case .set = pair.value {
          output.appendSetHeader(count: words.count, version)
        } else {
          output.appendArrayHeader(count: words.count)
        }
        for word in words { output.appendBulk(word.bytes ?? []) }
      }
    }
  }

  /// The number here of what is `redisID` there.
  private func ownID(of redisID: Int) -> Int {
    pin?.targets.last { $0.redisID == redisID }?.clientID ?? redisID
  }

  /// Writes what `piece` begins in another way, or not at all. False: it is the client's as it is.
  func replacesPush(_ piece: RawSpan, after ticket: UInt64) -> Bool {
    guard piece.begins(with: ">") else { return false }
    // One that was on its way when the client went back to RESP2.
    if client.version == .two { return true }
    guard let target = pin?.targets.last, piece.begins(with: Self.brokenRedirection) else {
      return false
    }
    withScratch { text in
      text.append(Self.brokenRedirection)
      text.appendInteger(target.clientID)
      queue.appendUnasked(text.bytes, after: ticket, output)
    }
    return true
  }

  private static let brokenRedirection: StaticString = ">2\r\n$21\r\ntracking-redir-broken\r\n"

  // MARK: Being the target

  /// Another client has named this one: gives it a link of its own, once nothing is under way on others,
  /// and says by which number Redis knows that.
  func becomeTarget(now: Moment, _ naming: @escaping (RedirectTarget.Naming) -> Void) {
    namings.append(naming)
    settleNamings(now: now)
  }

  /// Whether requests may go over a link of the client's own from now on.
  func settleNamings(now: Moment) {
    if namings.isEmpty { return }
    if pin == nil {
      guard mayTakePin else { return }
      if let refusal = takePin() { return endNamings(.refused(refusal)) }
    }
    guard let link = pin?.link else { return }
    link.requestClientID(now: now)
    if let id = link.redisID { endNamings(.named(id)) }
  }

  /// Nothing is under way elsewhere, nor about to be: a permit is for a shared link.
  private var mayTakePin: Bool {
    if case .none = permit { traffic.isEmpty && stall != .permit } else { false }
  }

  /// Whether the client must wait until it has a link of its own.
  var mustBePinned: Bool {
    if namings.isEmpty || pin != nil { return false }
    // Who has been given a permit uses it first.
    if case .none = permit { return true } else { return false }
  }

  func endNamings(_ result: RedirectTarget.Naming) {
    let ended = namings
    namings = []
    for naming in ended {
      if case .named = result { redirectors += 1 }
      naming(result)
    }
  }

  func linkReady(_ link: PinnedLink, now: Moment) {
    if link === pin?.link { settleNamings(now: now) }
  }

  /// One who had named this client does so no more.
  func released(now: Moment) {
    redirectors -= 1
    leavePinIfIdle(now: now)
  }
}
