internal import HTTP
internal import ProxyCore

/// Bodies, and PUT and DELETE: coherent with all other reads.
extension HTTPSession {
  func beginBody(_ exchange: Exchange, now: Moment) {
    exchange.body = exchange.purpose.bodyReader(exchange.request)
    if case .refused(let error) = exchange.body.take(RawSpan()) { return refuse(error, now: now) }
    stage = .body
    watch(.body, now: now)
    if case .write = exchange.purpose, let length = exchange.body.knownBytesLeft,
      length > Limits.argumentBufferedMax
    {
      beginUpload(exchange, length: length, now: now)
    }
    if stage == .body && exchange.request.awaitsContinue {
      HTTPResponseWriter.appendContinue(to: &output.bytes)
    }
  }

  /// Takes what `bytes` have of the body. Says how many those are.
  func takeBody(_ bytes: RawSpan, now: Moment) -> Int {
    guard let exchange else { return bytes.byteCount }
    watch.bodyBytes &+= bytes.byteCount
    var offset = 0
    while stage == .body {
      switch exchange.body.take(bytes.extracting(offset..<bytes.byteCount)) {
      case .data(let range):
        if case .write = exchange.purpose {
          keep(bytes.extracting(offset &+ range.lowerBound..<offset &+ range.upperBound), exchange)
        }
        offset &+= range.upperBound
        slowDown(exchange, now: now)
      case .partial: return bytes.byteCount
      case .complete(let length):
        bodyEnded(exchange, now: now)
        return offset &+ length
      case .refused(let error):
        refuse(error, now: now)
        return bytes.byteCount
      }
    }
    return offset
  }

  private func keep(_ contents: RawSpan, _ exchange: Exchange) {
    if let upload = exchange.upload, let link = exchange.link {
      // Where the link has lost it, that was told already.
      _ = link.extend(upload, contents)
    } else {
      exchange.contents.append(contents)
      connection?.settleInput(holding: exchange.contents.allocated)
    }
  }

  /// Lets a client wait for a link that has not taken what it was given.
  private func slowDown(_ exchange: Exchange, now: Moment) {
    guard stage == .body, exchange.upload != nil, let link = exchange.link, link.isOutputBlocked,
      link.outputCount > Limits.relayedBytesMax
    else { return }
    stage = .stalled
    watch(.redis, now: now)
    connection?.pauseReading()
  }

  func linkDrained(now: Moment) {
    guard stage == .stalled else { return }
    stage = .body
    watch(.body, now: now)
    // The body may have come to its end before the stall.
    _ = takeBody(RawSpan(), now: now)
    connection?.resumeReading()
  }

  private func bodyEnded(_ exchange: Exchange, now: Moment) {
    stage = .waiting
    watch(.redis, now: now)
    if exchange.upload != nil {
      endUpload(exchange)
    } else {
      let key = exchange.key
      recordingResponse { perform(exchange.purpose, exchange.request, key: key.rawSpan, now: now) }
    }
  }

  // MARK: Writes

  /// Writes what has been collected, or deletes.
  func write(_ exchange: Exchange, now: Moment) {
    stage = .waiting
    watch(.redis, now: now)
    if exchange.contents.count > Limits.argumentBufferedMax {
      beginUpload(exchange, length: exchange.contents.count, now: now)
      guard let upload = exchange.upload else { return }
      _ = exchange.link?.extend(upload, exchange.contents.bytes)
      release(exchange)
      return endUpload(exchange)
    }
    if worker.isFlooded(
      .writes, .three, database: database,
      isSpare: worker.prefersSpare(.writes, .three, database: database, now: now))
    {
      return worker.waitForRoom(self, now: now)
    }
    exchange.hasLeft = true
    switch worker.admit(self, ticket: exchange.ticket, now: now) {
    case .granted: pass(exchange, now: now)
    case .waiting: break
    case .refused(let error):
      answerWaiting(HTTPProblem(.limiter(error)), as: .refused, now: now)
    }
  }

  func linkHasRoom(now: Moment) {
    if stage == .waiting, let exchange, exchange.purpose != .read, exchange.upload == nil,
      !exchange.hasLeft
    {
      write(exchange, now: now)
    }
  }

  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {
    guard let exchange, exchange.ticket == ticket else {
      if error == nil { worker.releasePermit() }
      return
    }
    if let error {
      answerWaiting(HTTPProblem(.limiter(error)), as: .refused, now: now)
    } else {
      pass(exchange, now: now)
    }
  }

  /// Sends a write that has a permit.
  private func pass(_ exchange: Exchange, now: Moment) {
    var request = ByteBuffer()
    if case .write = exchange.purpose {
      Self.appendStart(exchange, length: exchange.contents.count, to: &request)
      request.append(exchange.contents.bytes)
      Self.appendEnd(exchange, to: &request)
    } else {
      request.appendCommand(argumentCount: 2)
      request.appendArgument("DEL")
      request.appendArgument(exchange.key)
    }
    var passage = passage(.shared(.three, .writes), exchange)
    passage.holdsPermit = true
    do throws(ProxyError) {
      release(exchange)
      try worker.pass(request.bytes, passage, for: self, ticket: exchange.ticket, now: now)
    } catch {
      failed(exchange.ticket, because: error, now: now)
    }
  }

  /// What was collected has been passed on.
  private func release(_ exchange: Exchange) {
    exchange.contents.release()
    connection?.settleInput(holding: 0)
  }

  /// A value that is too large to be waited for passes in pieces, over a link of its own.
  private func beginUpload(_ exchange: Exchange, length: Int, now: Moment) {
    var request = ByteBuffer()
    Self.appendStart(exchange, length: length, to: &request)
    do throws(ProxyError) {
      let link = try worker.pin(.three, database: database, for: self)
      exchange.link = link
      exchange.upload = try worker.pass(
        request.bytes, passage(.pinned(link), exchange), for: self, ticket: exchange.ticket,
        now: now)
    } catch {
      answerWaiting(HTTPProblem(error), as: RequestOutcome(error), now: now)
    }
  }

  private func endUpload(_ exchange: Exchange) {
    guard let upload = exchange.upload else { return }
    var request = ByteBuffer()
    Self.appendEnd(exchange, to: &request)
    _ = exchange.link?.extend(upload, request.bytes)
  }

  private func passage(_ way: Passage.Way, _ exchange: Exchange) -> Passage {
    var passage = Passage(way, database: database, effect: .writes)
    passage.delivery = .tree
    let key = exchange.key
    worker.beginIntent(key.rawSpan, hash: exchange.hash, &passage.intents)
    return passage
  }

  /// `SET` and the key, up to where the value begins.
  private static func appendStart(
    _ exchange: Exchange, length: Int, to request: inout ByteBuffer
  ) {
    request.appendCommand(argumentCount: exchange.timeToLive == nil ? 3 : 5)
    request.appendArgument("SET")
    request.appendArgument(exchange.key)
    request.appendBulkHeader(length: length)
  }

  /// What comes behind the value.
  private static func appendEnd(_ exchange: Exchange, to request: inout ByteBuffer) {
    request.appendLineEnd()
    guard let seconds = exchange.timeToLive else { return }
    request.appendArgument("EX")
    request.appendArgument(seconds)
  }
}

extension Exchange {
  /// The seconds that a value is to live; nil: for good, or nothing is written.
  fileprivate var timeToLive: Int? {
    if case .write(let seconds) = purpose { seconds } else { nil }
  }
}
