internal import HTTP
internal import ProxyCore

/// GET and HEAD: from memory, from a key's home, or as they come from Redis.
extension HTTPSession {
  func read(_ request: HTTPRequest, key: RawSpan, now: Moment) {
    let hash = worker.hash(key)
    switch recall(key, hash, request, now: now) {
    case .answered:
      worker.note(.http, .hit)
      return answered(request, now: now)
    case .shared(let block, let isText, let outcome):
      worker.note(.http, .hit)
      append(block, isText: isText, of: key, for: request, outcome)
      return answered(request, now: now)
    case .unknown: break
    }
    let exchange = exchange ?? wait(request, .read, key: key, now: now)
    stage = .waiting
    watch(.redis, now: now)
    exchange.fetch = worker.fetch(
      key, hash: hash, database: database, for: self, ticket: exchange.ticket, now: now)
  }

  /// What came of looking into memory.
  private enum Recalled {
    case unknown
    case answered
    /// A value that does not need the lock to be read.
    case shared(SharedBlock, isText: Bool, CacheOutcome)
  }

  private func recall(
    _ key: RawSpan, _ hash: UInt64, _ request: HTTPRequest, now: Moment
  ) -> Recalled {
    guard let hit = worker.find(key, hash: hash, database: database, now: now) else {
      return .unknown
    }
    let outcome = CacheOutcome.hit(
      age: Int(hit.ageMilliseconds / 1_000),
      timeToLive: Int(truncatingIfNeeded: hit.millisecondsLeft / 1_000))
    if let shared = hit.shared { return .shared(shared, isText: hit.isText, outcome) }
    append(hit, of: key, for: request, outcome, to: &output.bytes)
    return .answered
  }

  private func append(
    _ hit: borrowing ByteCache.Hit, of key: RawSpan, for request: HTTPRequest,
    _ outcome: CacheOutcome, to output: inout ByteBuffer
  ) {
    if hit.isAbsent {
      desk.writer.append(.absent, for: request, outcome, to: &output)
    } else {
      desk.append(
        HTTPValue(hit.bytes, isText: hit.isText, hash: desk.contentHash(hit.bytes, worker)),
        of: key, for: request, outcome, to: &output)
    }
  }

  /// A value that is sent from where it lies, unless another form of it is wanted, or a part.
  private func append(
    _ block: SharedBlock, isText: Bool, of key: RawSpan, for request: HTTPRequest,
    _ outcome: CacheOutcome
  ) {
    let output = output
    let hash = desk.contentHash(block, worker)
    if request.wantsJSON {
      return desk.writer.append(
        HTTPValue(block.bytes, isText: isText, hash: hash), of: key, for: request, outcome,
        to: &output.bytes)
    }
    let part = desk.writer.appendHead(
      .shared(count: block.count, isText: isText, hash: hash), for: request, outcome,
      to: &output.bytes)
    if part.count == block.count {
      output.append(block)
    } else {
      output.bytes.append(block.bytes.extracting(part))
    }
  }

  // MARK: What was not in memory

  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {
    guard let exchange, exchange.ticket == ticket else { return }
    desk.refresh(now: now)
    let source = CacheOutcome(notes)
    switch outcome {
    case .value:
      let key = exchange.key
      if let shared, shared.count > Limits.outputPooledBytesMax {
        append(shared, isText: bytes.isUTF8, of: key.rawSpan, for: exchange.request, source)
      } else {
        desk.append(
          HTTPValue(bytes, isText: bytes.isUTF8, hash: desk.contentHash(bytes, worker)),
          of: key.rawSpan, for: exchange.request, source, to: &output.bytes)
      }
      count(exchange, RequestOutcome(notes), now: now)
      answered(exchange.request, now: now)
    case .absent: answerWaiting(.absent, source, as: RequestOutcome(notes), now: now)
    case .error:
      answerWaiting(HTTPProblem(errorReply: bytes), as: RequestOutcome(notes), now: now)
    case .failed(let error):
      answerWaiting(HTTPProblem(error), as: RequestOutcome(error), now: now)
    case .large: fetchLarge(exchange, now: now)
    }
  }

  /// A value that is too large to be kept comes over a link of its own, as fast as the client takes
  /// it. For HEAD its length is enough.
  private func fetchLarge(_ exchange: Exchange, now: Moment) {
    var request = ByteBuffer()
    request.appendCommand(argumentCount: 2)
    request.appendArgument(exchange.request.method == .head ? "STRLEN" : "GET")
    request.appendArgument(exchange.key)
    do throws(ProxyError) {
      let link = try worker.pin(.three, database: database, for: self)
      exchange.link = link
      var passage = Passage(.pinned(link), database: database, effect: .reads)
      if exchange.request.method == .head { passage.delivery = .tree }
      try worker.pass(request.bytes, passage, for: self, ticket: exchange.ticket, now: now)
    } catch {
      answerWaiting(HTTPProblem(error), as: RequestOutcome(error), now: now)
    }
  }

  func relayed(_ ticket: UInt64, _ piece: RawSpan, _ place: ReplyPlace, now: Moment) {
    guard let exchange, exchange.ticket == ticket else { return }
    var start = 0
    if !exchange.reply.isBegun {
      desk.refresh(now: now)
      switch exchange.reply.begin(piece) {
      case .needsMore: return
      case .absent:
        return answerWaiting(.absent, .bypassed, linkIsClean: place.endsRequest, now: now)
      case .error(let text):
        return answerWaiting(
          HTTPProblem(errorReply: text.rawSpan), linkIsClean: place.endsRequest, now: now)
      case .value(let count, let offset):
        let part = desk.writer.appendHead(
          .streamed(count: count), for: exchange.request, .bypassed, to: &output.bytes)
        if access != nil { keepNote() }
        if part.isEmpty { return delivered(exchange, linkIsClean: place.endsRequest, now: now) }
        start = offset
        watch(.delivery, now: now)
      }
    }
    let count = exchange.reply.take(piece.byteCount &- start)
    output.bytes.append(piece.extracting(start..<start &+ count))
    watch.since = now
    if place.endsRequest { return delivered(exchange, linkIsClean: true, now: now) }
    // What is not blocked leaves at the end of this turn.
    if let connection, connection.isOutputBlocked,
      connection.outputCount > Limits.relayedBytesMax
    {
      exchange.link?.pauseReading()
    }
  }

  func delivered(_ exchange: Exchange, linkIsClean: Bool, now: Moment) {
    count(exchange, now: now)
    leaveExchange(linkIsClean: linkIsClean, now: now)
    answered(exchange.request, now: now)
  }
}
