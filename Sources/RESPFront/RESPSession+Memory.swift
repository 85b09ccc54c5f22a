internal import ProxyCore

/// GET, from memory where that is right.
extension RESPSession {
  /// Whether nothing is under way for the client, nothing has had to wait and nothing about it is special, so
  /// that a GET is answered once its value is found.
  var isOrdinary: Bool {
    let isOrdinary =
      pin == nil && upload == nil && blockedBy == nil && waitingSince == nil && namings.isEmpty
      && queue.isEmpty && client.isAuthenticated && client.replies.sendsAll
      && !parser.isMidRequest && !logsAccess
    assert(!isOrdinary || traffic.isEmpty, "a request is under way without a place for its reply")
    return isOrdinary
  }

  /// A GET whose key will soon be looked up.
  struct ForeseenGet {
    let request: PlainGet
    let hash: UInt64
  }

  /// The GET that begins at `offset`, if one does; has the processor fetch what it takes to look it up.
  func foresee(_ bytes: RawSpan, at offset: Int) -> ForeseenGet? {
    guard let request = PlainGet(bytes, at: offset) else { return nil }
    let hash = worker.hash(bytes.extracting(request.key))
    worker.prefetch(hash)
    return ForeseenGet(request: request, hash: hash)
  }

  /// Answers the GETs from `offset` on that memory knows, of an ordinary client. The first request that is
  /// anything else is looked at again, as if for the first time.
  ///
  /// - Parameter first: What `bytes` begin with, where that has been foreseen.
  func answerHits(_ bytes: RawSpan, from offset: inout Int, _ first: ForeseenGet?, now: Moment) {
    var hits: UInt32 = 0
    var next = offset == 0 ? first ?? foresee(bytes, at: 0) : foresee(bytes, at: offset)
    while let get = next {
      assert(
        get.hash == worker.hash(bytes.extracting(get.request.key)), "other bytes were foreseen")
      next = foresee(bytes, at: get.request.end)
      guard answer(bytes.extracting(get.request.key), get.hash, now: now) else { break }
      hits &+= 1
      offset = get.request.end
    }
    if hits == 0 { return }
    presence.command = .get
    worker.note(.resp, .hit, count: hits)
  }

  /// Whether there was an answer.
  private func answer(_ key: RawSpan, _ hash: UInt64, now: Moment) -> Bool {
    guard
      let hit = worker.find(key, hash: hash, database: client.database, counting: .hits, now: now)
    else { return false }
    answer(hit)
    return true
  }

  private func answer(_ hit: borrowing ByteCache.Hit) {
    if hit.liesElsewhere { return replyUnusually(hit) }
    if let connection { return connection.append(replyWith: hit, client.version) }
    hit.appendReply(client.version, to: &output.bytes)
  }

  func get(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    // A permit that was granted must be used, or it would be lost to others.
    guard case .none = permit else { return passRead(request, length, now: now) }
    let key = parser.arguments.bytes(1, in: request)
    let hash = worker.hash(key)
    if !traffic.isEmpty && worker.proxy.settings.rules.contains(.order) {
      if traffic.fetchNames(hash) || (options.ordersAll && traffic.fetches > 0) {
        return stall(.order)
      }
      if traffic.passNames(hash) || (options.ordersAll && traffic.passes > 0) {
        return passRead(request, length, now: now)
      }
    }
    if hit(key, hash, now: now) {
      worker.note(.resp, .hit)
      return .done(length)
    }
    if traffic.isFull { return stall(.room) }
    let journey = Journey(fetching: key, hash: hash, bytes: length)
    let ticket = begin(journey)
    record(request, of: ticket, .done(length), now: now)
    journey.note(
      read: worker.fetch(
        key, hash: hash, database: client.database, for: self, ticket: ticket, now: now))
    return .done(length)
  }

  /// A read that must follow what is under way, and so asks Redis.
  private func passRead(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    let spec = worker.classify(parser.arguments, in: request, keys: &keys)
    let ticket = queue.nextTicket
    let step = pass(spec, request, length, now: now)
    record(request, of: ticket, step, now: now)
    if logsAccess && access.outcome == nil { noteOutcome(.passed) }
    if step != .stalled && queue.nextTicket == ticket {
      // It was refused at once.
      worker.record(.resp, outcome, since: waitingSince ?? now, now: now)
    }
    return step
  }

  private func hit(_ key: RawSpan, _ hash: UInt64, now: Moment) -> Bool {
    // A client that has too much under way asks again, and is counted then.
    let counting = traffic.isFull ? ByteCache.Counting.hits : .all
    guard
      let hit = worker.find(
        key, hash: hash, database: client.database, counting: counting, now: now)
    else { return false }
    if queue.isEmpty && !client.replies.drops { answer(hit) } else { replyUnusually(hit) }
    return true
  }

  /// Behind replies that have not come, or a large value, which is sent from where it lies.
  private func replyUnusually(_ hit: borrowing ByteCache.Hit) {
    if !client.replies.drops, queue.isEmpty, let shared = hit.shared {
      let output = output
      output.bytes.appendBulkHeader(length: shared.count)
      output.append(shared)
      output.bytes.appendLineEnd()
    } else {
      reply { hit.appendReply(client.version, to: &$0) }
    }
  }

  /// What was not in memory has come.
  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {
    if logsAccess { noteOutcome(outcome, notes, of: ticket) }
    switch outcome {
    case .value: answer(ticket) { $0.appendBulk(bytes) }
    case .absent: answer(ticket) { $0.appendNull(client.version) }
    case .error: answer(ticket) { $0.appendError(bytes) }
    case .failed(let error): answer(ticket) { error.write(to: &$0) }
    case .large: return fetchLarge(ticket, now: now)
    }
    conclude(ticket, RequestOutcome(outcome, notes), now: now)
  }

  /// A link for one request.
  struct Loan {
    let link: PinnedLink
    /// Whether it is as it was once the reply has come.
    var isClean = true
  }

  /// A value that is too large to be kept comes over a link of its own, as fast as the client takes it.
  private func fetchLarge(_ ticket: UInt64, now: Moment) {
    guard let key = queue.journey(of: ticket)?.key else { return conclude(ticket, now: now) }
    var request = ByteBuffer()
    request.appendGet(key.rawSpan)
    borrowLink(for: request.bytes.array, ticket, now: now)
  }

  /// Has Redis answer a read over a link of its own, as fast as the client takes it.
  func borrowLink(for request: [UInt8], _ ticket: UInt64, now: Moment) {
    guard connection != nil else { return conclude(ticket, now: now) }
    do throws(ProxyError) {
      let link = try worker.pin(client.version, database: client.database, for: self)
      loans[ticket] = Loan(link: link)
      let passage = Passage(.pinned(link), database: client.database, effect: .reads)
      try worker.pass(request.rawSpan, passage, for: self, ticket: ticket, now: now)
    } catch {
      failed(ticket, because: error, now: now)
    }
  }
}
