internal import Synchronization

/// Requests that Redis answers: on their way, the cache is kept from knowing better than Redis does.
extension Worker {
  /// Before a request is passed on that writes `key`: nothing is known of the key any more until the
  /// reply has come. Each goes into the `intents` of the passage.
  package func beginIntent(_ key: RawSpan, hash: UInt64, _ intents: inout HeldIntents) {
    guard proxy.settings.rules.contains(.intents) else { return }
    cache.beginIntent(key, hash: hash)
    intents.append(hash)
  }

  /// Passes a request on. What comes of it is told under `ticket`; a request that is refused is not
  /// begun, nor is its permit kept. O(request).
  @discardableResult
  package func pass(
    _ request: RawSpan, _ passage: consuming Passage, for caller: any Caller, ticket: UInt64,
    now: Moment
  ) throws(ProxyError) -> UInt64 {
    try pass(request, passage, for: .caller(caller, ticket: ticket), now: now)
  }

  @discardableResult
  func pass(
    _ request: borrowing ByteBuffer, _ passage: consuming Passage,
    for recipient: consuming Call.Recipient, now: Moment
  ) throws(ProxyError) -> UInt64 {
    try pass(request.bytes, passage, for: recipient, now: now)
  }

  @discardableResult
  func pass(
    _ request: RawSpan, _ passage: consuming Passage, for recipient: consuming Call.Recipient,
    now: Moment
  ) throws(ProxyError) -> UInt64 {
    counters.passed.wrappingAdd(1, ordering: .relaxed)
    let replaces = emptiesCache(passage.effect)
    if replaces { beginReplacement() }
    if passage.effect == .fence { proxy.fencedRequests.noteSent() }
    let token = calls.insert(
      Call(
        recipient: recipient, effect: passage.effect, kind: passage.kind, sent: now,
        intents: passage.intents, replaces: replaces, holdsPermit: passage.holdsPermit))
    do throws(RedisError) {
      if isClosed { throw proxy.error(.closed) }
      let link = try connection(for: passage.way, database: passage.database, now: now)
      if passage.delivery == .transaction {
        link.expect(
          TransactionReading(passage.confirmations ?? [], selections: passage.selections ?? []))
      }
      try link.submit(LinkToken(token), passage.delivery, request, now: now)
      if link.isFilling { floodSwitch.store(true, ordering: .relaxed) }
    } catch {
      if var call = calls.remove(token) {
        if call.effect == .fence { proxy.fencedRequests.noteExecuted() }
        settle(&call)
      }
      throw .redis(error)
    }
    return token
  }

  /// Notes a request that goes over a fill link, answered with a tree.
  func insert(_ recipient: consuming Call.Recipient, now: Moment) -> UInt64 {
    calls.insert(Call(recipient: recipient, effect: .none, kind: nil, sent: now))
  }

  private func connection(
    for way: borrowing Passage.Way, database: UInt32, now: Moment
  ) throws(RedisError) -> LinkConnection {
    switch way {
    case .shared(let version, let strand, let isSpare):
      try shared(
        strand, version, database: database,
        isSpare: isSpare ?? prefersSpare(strand, version, database: database, now: now), now: now)
    case .control: try shared(.control, now: now)
    case .pinned(let link): link.connection
    }
  }

  func shared(_ name: SharedLink.Name, now: Moment) throws(RedisError) -> LinkConnection {
    let link: SharedLink
    if let known = sharedLinks[name] {
      link = known
    } else {
      try makeRoomForShared(now: now)
      link = SharedLink(name, of: self)
      sharedLinks[name] = link
      prepareSpare(for: name, now: now)
    }
    recentShared.note(link)
    return link.connection
  }

  /// Whether everything is forgotten before and after a request.
  private func emptiesCache(_ effect: CommandEffect) -> Bool {
    switch effect {
    case .empties: proxy.settings.rules.contains(.empties)
    case .fence: !proxy.isTracking
    case .none, .reads, .writes: false
    }
  }

  private func beginReplacement() {
    if proxy.settings.rules.contains(.emptyingHeld) {
      cache.beginReplacement()
    } else {
      cache.removeAll()
    }
  }

  func endReplacement() {
    if proxy.settings.rules.contains(.emptyingHeld) {
      cache.endReplacement()
    } else {
      cache.removeAll()
    }
  }

  /// Gives back what a call holds.
  private func settle(_ call: inout Call) {
    call.intents.release(from: cache)
    if call.replaces { endReplacement() }
    call.replaces = false
    if call.holdsPermit { limiter.release() }
    call.holdsPermit = false
  }

  // MARK: Replies

  func relay(_ piece: LinkPiece, in bytes: RawSpan, now: Moment) {
    let token = piece.token.value
    if piece.isFirst { checkForDemotion(bytes.extracting(piece.bytes), now: now) }
    let place = ReplyPlace(
      isFirst: piece.isFirst, isLast: piece.isLast, endsRequest: piece.endsRequest)
    if begin(token, now: now) {
      handOn(bytes.extracting(piece.bytes), place, of: token, now: now)
    } else {
      withhold(bytes.extracting(piece.bytes), place, of: token, now: now)
    }
  }

  private func handOn(_ bytes: RawSpan, _ place: ReplyPlace, of token: UInt64, now: Moment) {
    guard place.endsRequest else {
      if let (caller, ticket) = calls.change(token, { $0.recipient.caller }) ?? nil {
        caller.relayed(ticket, bytes, place, now: now)
      }
      return
    }
    guard var call = calls.remove(token) else { return }
    settle(&call)
    switch consume call.recipient {
    case .caller(let caller, let ticket): caller.relayed(ticket, bytes, place, now: now)
    default: break
    }
  }

  func finish(_ token: UInt64, with reply: Result<RESPValue, RedisError>, now: Moment) {
    if case .success(.error(let error)) = reply, error.code == "READONLY" {
      suspectDemotion(now: now)
    }
    guard begin(token, now: now) else {
      calls.change(token) { $0.withheld?.reply = reply }
      return
    }
    guard var call = calls.remove(token) else { return }
    settle(&call)
    switch consume call.recipient {
    case .caller(let caller, let ticket): caller.replied(ticket, reply, now: now)
    case .read(let read, _, _): conclude(read, reply, now: now)
    case .task(let task): task(reply)
    }
  }

  /// Does what is due when a reply has begun to come, because then Redis has executed the request. False
  /// where the reply must still be withheld.
  private func begin(_ token: UInt64, now: Moment) -> Bool {
    var isDue = true
    var effect = CommandEffect.none
    var trip: (kind: LinkKind, sent: Moment)?
    var replaces = false
    calls.change(token) { call in
      isDue = call.stage != .fenced
      if call.stage != .sent { return }
      call.stage = .answering
      if let kind = call.kind { trip = (kind, call.sent) }
      call.intents.release(from: cache)
      effect = call.effect
      replaces = call.replaces
      call.replaces = false
    }
    if let trip { meter.recordTrip(trip.kind, since: trip.sent, now: now) }
    if effect <= .writes { return isDue }
    if effect == .fence { proxy.fencedRequests.noteExecuted() }
    if replaces { endReplacement() } else if emptiesCache(effect) { cache.removeAll() }
    guard effect == .fence && proxy.settings.rules.contains(.fences) else { return true }
    calls.change(token) { call in
      call.stage = .fenced
      call.withheld = Call.Withheld()
    }
    requestFence(for: token)
    return false
  }

  private func withhold(
    _ bytes: RawSpan, _ place: ReplyPlace, of token: UInt64, now: Moment
  ) {
    guard let withheld = calls.change(token, { $0.withheld }) ?? nil else { return }
    if withheld.count + bytes.byteCount > Limits.withheldBytesMax {
      let error = proxy.error(.replyTooLarge(limit: Limits.withheldBytesMax))
      return fail(token, wasSent: true, because: error, now: now)
    }
    withheld.append(bytes, place, isUnasked: false)
  }

  /// Hands on what a client's own link has said unasked, behind the reply of `call` that came before it:
  /// an invalidation that overtook an older value would be forgotten when that value comes.
  func relayUnasked(
    _ bytes: RawSpan, _ place: ReplyPlace, after call: Call.Numbers, on link: PinnedLink,
    now: Moment
  ) {
    if let withheld = calls.change(call.token, { $0.withheld }) ?? nil {
      if withheld.count + bytes.byteCount <= Limits.withheldBytesMax {
        return withheld.append(bytes, place, isUnasked: true)
      }
      let error = proxy.error(.replyTooLarge(limit: Limits.withheldBytesMax))
      fail(call.token, wasSent: true, because: error, now: now)
    }
    link.caller?.unasked(bytes, place, after: call.ticket, now: now)
  }

  /// Which ticket a request's caller knows it by.
  func ticket(of token: UInt64) -> UInt64 { calls.change(token) { $0.recipient.ticket } ?? 0 }

  /// The fence that a call waited for is through.
  func endFence(of token: UInt64, now: Moment) {
    let withheld = calls.change(token) { call in
      call.stage = .answering
      return call.withheld.take()
    }
    guard let withheld = withheld ?? nil else { return }
    handOn(withheld, of: token, now: now)
    if let reply = withheld.reply { finish(token, with: reply, now: now) }
  }

  private func handOn(_ withheld: Call.Withheld, of token: UInt64, now: Moment) {
    guard let (caller, ticket) = calls.change(token, { $0.recipient.caller }) ?? nil else {
      return
    }
    var end: ReplyPlace?
    for (index, part) in withheld.parts.enumerated() {
      let bytes = part.bytes.rawSpan
      if part.isUnasked {
        caller.unasked(bytes, part.place, after: ticket, now: now)
      } else if part.place.endsRequest && index < withheld.parts.count - 1 {
        // Replies that wait for this one leave with its end, and what came before them goes first.
        end = ReplyPlace(isFirst: false, isLast: true, endsRequest: true)
        let place = ReplyPlace(isFirst: part.place.isFirst, isLast: false, endsRequest: false)
        handOn(bytes, place, of: token, now: now)
      } else {
        handOn(bytes, part.place, of: token, now: now)
      }
    }
    if let end { handOn(RawSpan(), end, of: token, now: now) }
  }

  // MARK: Losses

  /// A request ended without its reply. A write that may have been executed, or may yet be, holds its
  /// keys for a while: it is answered with an error, and never repeated.
  func fail(_ token: UInt64, wasSent: Bool, because error: RedisError, now: Moment) {
    guard var call = calls.remove(token) else { return }
    if call.effect == .fence && call.stage == .sent { proxy.fencedRequests.noteExecuted() }
    let mayWriteYet = wasSent && call.stage == .sent && call.effect > .reads
    if mayWriteYet && proxy.settings.rules.contains(.holdsUnknown) {
      hold(call.intents, replaces: call.replaces, now: now)
      call.intents = HeldIntents()
      call.replaces = false
    }
    if let (read, key) = call.recipient.firstRead {
      // Reading may be repeated, once, and with the permit that it has.
      return askWithPermit(read, key: key, isRepetition: true, now: now)
    }
    settle(&call)
    let unasked = call.withheld?.parts.filter(\.isUnasked) ?? []
    switch consume call.recipient {
    case .caller(let caller, let ticket):
      for part in unasked {
        caller.unasked(part.bytes.rawSpan, part.place, after: ticket, now: now)
      }
      caller.failed(ticket, because: .redis(error), now: now)
    case .read(let read, _, _): deliver(read, .failed(.redis(error)), nil, now: now)
    case .task(let task): task(.failure(error))
    }
  }
}
