internal import ProxyCore

/// The commands about clients: about this one, which are answered at once, and about all, for which every
/// loop is asked. A client waits for the latter as it would for Redis, and nothing overtakes them.
extension RESPSession {
  /// Nil where a request is none of these, or Redis is to answer it: what is queued in a transaction, and
  /// what a RESP2 subscriber may not say.
  func administer(
    _ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment
  ) -> Step? {
    switch spec.verb {
    case .info, .clientList, .clientKill, .clientUnblock, .clientDetails, .clientGetRedirect,
      .clientTrackingDetails, .clientTracking:
      break
    default:
      let name = parser.arguments.bytes(0, in: request)
      guard !spec.isKnown, name.equalsIgnoringCase("proxy") else { return nil }
      if isLeftToRedis { return nil }
      return manageProxy(request, length, now: now)
    }
    if spec.verb == .clientTracking, pin?.isInTransaction == true, !isConfined, let roster {
      return redirect(request, length, roster, now: now)
    }
    if isLeftToRedis { return nil }
    if spec.verb == .info { return tellDetails(spec, request, length, now: now) }
    guard let roster else { return nil }
    guard spec.accepts(argumentCount: parser.arguments.count) else {
      let name = worker.commands.name(at: spec.index)
      reply { ClientState.refuseCount(of: name, &$0) }
      return .done(length)
    }
    return administer(spec.verb, roster, request, length, now: now)
  }

  private var isLeftToRedis: Bool { pin?.isInTransaction == true || isConfined }

  private func administer(
    _ verb: CommandVerb, _ roster: ClientRoster, _ request: RawSpan, _ length: Int, now: Moment
  ) -> Step? {
    var refusal = ByteBuffer()
    var survey: ClientSurvey?
    switch verb {
    case .clientDetails:
      var text = ByteBuffer()
      describe(to: &text, now: now)
      reply { $0.appendText(text.bytes, client.version) }
    case .clientGetRedirect, .clientTrackingDetails:
      // What is under way may be what turns it on.
      if let pin, pin.leavesState || !traffic.isEmpty {
        return askForRedirection(request, length, now: now)
      }
      reply { output in
        if verb == .clientGetRedirect {
          output.appendInteger(-1)
        } else {
          Self.appendNoTracking(client.version, to: &output)
        }
      }
    case .clientTracking: return redirect(request, length, roster, now: now)
    case .clientList:
      var ids: [Int] = []
      let filter = ClientFilter.list(
        parser.arguments, in: request, order: &ids, refusal: &refusal)
      survey = filter.map { self.survey(.list(ids: ids), $0) }
    case .clientKill:
      let filter = ClientFilter.kill(parser.arguments, in: request, refusal: &refusal)
      survey = filter.map { self.survey(.kill(countsThem: parser.arguments.count > 3), $0) }
    default: survey = unblocking(request, refusal: &refusal)
    }
    if !refusal.isEmpty { reply { $0.append(refusal.bytes) } }
    guard let survey else { return .done(length) }
    return begin(survey, roster, length, now: now)
  }

  private func survey(
    _ purpose: ClientSurvey.Purpose, _ filter: ClientFilter
  ) -> ClientSurvey {
    ClientSurvey(purpose: purpose, filter: filter, asker: client.id)
  }

  private static func appendNoTracking(_ version: RESPVersion, to output: inout ByteBuffer) {
    output.appendMapHeader(count: 3, version)
    output.appendArgument("flags")
    output.appendSetHeader(count: 1, version)
    output.appendArgument("off")
    output.appendArgument("redirect")
    output.appendInteger(-1)
    output.appendArgument("prefixes")
    output.appendArrayHeader(count: 0)
  }

  private func unblocking(
    _ request: RawSpan, refusal output: inout ByteBuffer
  ) -> ClientSurvey? {
    let count = parser.arguments.count
    guard count <= 4 else {
      ClientState.refuse(
        "ERR unknown subcommand or wrong number of arguments for '",
        parser.arguments.bytes(1, in: request), "'. Try CLIENT HELP.", &output)
      return nil
    }
    var byError = false
    if count == 4 {
      let reason = parser.arguments.bytes(3, in: request)
      byError = reason.equalsIgnoringCase("error")
      guard byError || reason.equalsIgnoringCase("timeout") else {
        output.appendError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
        return nil
      }
    }
    guard let id = Decimal(parser.arguments.bytes(2, in: request))?.value else {
      output.appendError("ERR value is not an integer or out of range")
      return nil
    }
    var filter = ClientFilter()
    filter.id = id
    return survey(.unblock(byError: byError), filter)
  }

  // MARK: Asking

  private func begin(
    _ survey: ClientSurvey, _ roster: ClientRoster, _ length: Int, now: Moment
  ) -> Step {
    guard traffic.isEmpty else { return stall(.quiet) }
    if let right = survey.purpose.right {
      if let step = clear(right, user: survey.filter.user, length, now: now) { return step }
    }
    let ticket = begin(Journey(.pass, bytes: length))
    blockedBy = Blocker(ticket: ticket, isBlocking: false)
    roster.inquire(survey, for: self, ticket: ticket)
    return .done(length)
  }

  /// A reply that was asked for as a whole.
  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    if Self.isQuestion(ticket) { return answer(question: ticket, reply.mapError { .redis($0) }) }
    let note = notes.removeValue(forKey: ticket)
    switch (reply, note) {
    case (.failure(let error), _): failed(ticket, because: .redis(error), now: now)
    case (.success(.error(let error)), _):
      if logsAccess { noteOutcome(.redisError, of: ticket) }
      answer(ticket) { $0.appendError(error.bytes.rawSpan) }
      conclude(ticket, now: now)
    case (.success(let value), .redirection?):
      answerRedirection(ticket, value)
      conclude(ticket, now: now)
    case (.success(let value), _):
      answerDetails(ticket, value)
      conclude(ticket, now: now)
    }
  }

  // MARK: Answering

  /// All loops have answered.
  func surveyed(_ ticket: UInt64, _ survey: ClientSurvey, _ found: SurveyPart, now: Moment) {
    switch survey.purpose {
    case .list(let ids):
      if found.bytes > options.outputBytesMax { connection?.closeForOutput() }
      answer(ticket, list: found.lines, ids: ids)
    case .kill(let countsThem):
      answer(ticket) { output in
        if countsThem {
          output.appendInteger(found.count)
        } else if found.count > 0 {
          output.appendSimpleString("OK")
        } else {
          output.appendError("ERR No such client")
        }
      }
      // Nothing after it is looked at, since it is blocked until then.
      if found.includesAsker { isEnding = true }
    case .unblock:
      answer(ticket) { output in
        if let reply = found.reply { output.append(reply) } else { output.appendInteger(0) }
      }
    case .redirect(let wanted):
      return passRedirection(ticket, wanted, found, now: now)
    }
    conclude(ticket, .local, now: now)
  }

  private func answer(_ ticket: UInt64, list lines: [SurveyPart.Line], ids: [Int]) {
    var text = ByteBuffer()
    if ids.isEmpty {
      for line in lines.sorted(by: { $0.id < $1.id }) { text.append(line.text) }
    } else {
      let known = Dictionary(lines.map { ($0.id, $0.text) }) { first, _ in first }
      for id in ids {
        if let line = known[id] { text.append(line) }
        // One client may be asked for any number of times.
        if text.count > options.outputBytesMax {
          connection?.close()
          return
        }
      }
    }
    answer(ticket) { $0.appendText(text.bytes, client.version) }
  }
}

extension ClientSurvey.Purpose {
  /// What takes the same permission at Redis. `CLIENT TRACKING` is passed on itself.
  fileprivate var right: Right? {
    switch self {
    case .list: .list
    case .kill: .kill
    case .unblock: .unblock
    case .redirect: nil
    }
  }
}

extension ByteBuffer {
  /// A text for people, which RESP3 tells from other strings.
  mutating func appendText(_ text: RawSpan, _ version: RESPVersion) {
    let format = Array("txt".utf8)
    appendVerbatim(text, format: format.rawSpan, version)
  }
}
