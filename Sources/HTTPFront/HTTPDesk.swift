internal import HTTP
internal import ProxyCore

/// What the sessions of one loop share, and who is let in.
final class HTTPDesk {
  @safe @exclusivity(unchecked) private(set) var options: HTTPOptions
  /// What of the settings has to be looked at for each request.
  private(set) var checks: HTTPChecks
  @safe @exclusivity(unchecked) var writer: HTTPResponseWriter
  @safe @exclusivity(unchecked) private var plain = PlainResponse()
  @safe @exclusivity(unchecked) var heads = PlainHeads()
  /// What those heads ask for, whatever the target is.
  let plainRequest = HTTPRequest.plain
  /// Whether the program ends: then a response to the last request that has come is its connection's last one.
  @safe @exclusivity(unchecked) private(set) var isEnding = false
  /// The key of the request at hand.
  @safe @exclusivity(unchecked) var key = ByteBuffer()
  /// Where responses go whose client has gone.
  let nowhere = OutputBuffer()
  /// Names contents, by a secret of the Redis that answers.
  @safe @exclusivity(unchecked) private var contents = ContentHash(seed: 0)
  private let refusals = Refusals()

  init(_ options: HTTPOptions, now: Moment) {
    self.options = options
    self.options.settings = options.settingsInForce
    checks = self.options.settings.checks
    writer = HTTPResponseWriter(self.options.settings, now: now)
    plain.prepare(writer.date, lines: writer.valueLines)
  }

  /// What is allowed changes. A request that waits names its origin by a place in the list, so the list
  /// stays.
  func update(_ options: HTTPOptions, now: Moment) {
    let origins = self.options.settings.crossOrigin
    self.options = options
    self.options.settings = options.settingsInForce
    self.options.settings.crossOrigin = origins
    checks = self.options.settings.checks
    writer = HTTPResponseWriter(self.options.settings, now: now)
    plain.prepare(writer.date, lines: writer.valueLines)
    heads = PlainHeads()
  }

  // MARK: Writing

  /// Call this once a batch, before anything is written.
  func refresh(now: Moment) {
    if writer.refresh(now: now) { plain.prepare(writer.date, lines: writer.valueLines) }
  }

  /// Writes the whole response to a request for a value.
  func append(
    _ value: borrowing HTTPValue, of key: RawSpan, for request: HTTPRequest,
    _ outcome: CacheOutcome, to output: inout ByteBuffer
  ) {
    if case .hit(let age, let timeToLive) = outcome, request.isPlain {
      plain.append(
        value, age: max(0, age), timeToLive: timeToLive, isHead: request.method == .head,
        to: &output)
    } else {
      writer.append(value, of: key, for: request, outcome, to: &output)
    }
  }

  func contentHash(_ bytes: RawSpan, _ worker: Worker) -> UInt64 {
    if contents.seed != worker.proxy.contentSeed {
      contents = ContentHash(seed: worker.proxy.contentSeed)
    }
    return contents.hash(bytes)
  }

  func contentHash(_ block: SharedBlock, _ worker: Worker) -> UInt64 {
    if contents.seed != worker.proxy.contentSeed {
      contents = ContentHash(seed: worker.proxy.contentSeed)
    }
    return block.hash(by: contents)
  }

  /// From now on no head is plain, so that each response says what becomes of its connection.
  func beginEnding() {
    if isEnding { return }
    isEnding = true
    heads = PlainHeads()
  }

  /// Takes a new client in, or tells it why not.
  func admit(_ connection: Connection, to worker: Worker) -> (any ConnectionHandler)? {
    let admission = worker.proxy.admit(
      connection, by: .http, isServed: options.serves(connection.peer),
      outputBytesMax: options.outputBytesMax)
    switch admission {
    case .admitted: break
    case .tooMany: return refuse(connection, .clientsTooMany, worker)
    case .stranger: return refuse(connection, .clientNotServed, worker)
    }
    return HTTPSession(desk: self, worker: worker, connection: connection)
  }

  private func refuse(
    _ connection: Connection, _ error: HTTPError, _ worker: Worker
  ) -> (any ConnectionHandler)? {
    refresh(now: connection.loop.now)
    return refusals.refuse(connection, atMost: worker.proxy.refusalsMax) {
      writer.append(error, to: &$0)
    }
  }
}

extension HTTPOptions {
  func serves(_ peer: SocketAddress?) -> Bool {
    ClientAdmission.serves(peer, isProtected: isProtected, hasPassword: !settings.password.isEmpty)
  }
}
