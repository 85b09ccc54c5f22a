internal import ProxyCore

/// `CLIENT TRACKING … REDIRECT id`: the id is the proxy's, and Redis is to be told its own.
extension RESPSession {
  /// Nil where there is nothing to translate.
  func redirect(
    _ request: RawSpan, _ length: Int, _ roster: ClientRoster, now: Moment
  ) -> Step? {
    var wanted = TrackingRequest()
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
    var filter = ClientFilter()
    filter.id = wanted.id
    let survey = ClientSurvey(
      purpose: .redirect(wanted), filter: filter, asker: client.id)
    let ticket = begin(Journey(.pass, bytes: length))
    blockedBy = Blocker(ticket: ticket, isBlocking: false)
    roster.inquire(survey, for: self, ticket: ticket)
    return .done(length)
  }

  /// It is known which link of Redis's the client of that id has.
  func passRedirection(
    _ ticket: UInt64, _ wanted: TrackingRequest, _ found: SurveyPart, now: Moment
  ) {
    guard let id = found.redisID else {
      answer(ticket) { output in
        if found.count == 0 {
          output.appendError("ERR The client ID you want redirect to does not exist")
        } else {
          output.appendError(
            "ERR The client ID you want redirect to has to SUBSCRIBE first to pass this proxy")
        }
      }
      return conclude(ticket, now: now)
    }
    if pin == nil, let refusal = takePin() { return failed(ticket, because: refusal, now: now) }
    guard let link = pin?.link else { return conclude(ticket, now: now) }
    pin?.leavesState = true
    var request = ByteBuffer()
    request.appendCommand(argumentCount: wanted.words.count)
    for (index, word) in wanted.words.enumerated() {
      if index == wanted.place { request.appendArgument(id) } else { request.appendArgument(word) }
    }
    notes[ticket] = .tracking(isOn: wanted.isOn, redirect: wanted.id)
    let passage = Passage(.pinned(link), database: client.database, effect: .none)
    do throws(ProxyError) {
      try lane.pass(request.bytes, passage, for: self, ticket: ticket, now: now)
    } catch {
      failed(ticket, because: error, now: now)
    }
  }
}
