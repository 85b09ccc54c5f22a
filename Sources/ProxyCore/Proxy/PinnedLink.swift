/// A link of one client's own, for as long as that client holds state at Redis.
package final class PinnedLink: LinkOwner {
  unowned let worker: Worker
  let version: RESPVersion
  let database: UInt32
  /// Who its first client is, where that is not who the proxy is: in case that Redis does not let the
  /// proxy in.
  let identity: LinkIdentity?
  private(set) lazy var connection = makeConnection()
  /// Whose it is; nil while it is in the pool, or on its way there.
  weak var caller: (any Caller)? { didSet { latest = Call.Numbers() } }
  /// The request whose reply Redis sent bytes of last.
  private var latest = Call.Numbers()
  /// The way of a link: from its client, by way of a reset, to the pool, and to the next client.
  enum PinnedStage { case busy, returning, idle }
  var stage = PinnedStage.busy
  /// Whether it is never another client's: others were told its number at Redis, and what they have sent
  /// there is for this one alone, or what comes cannot be told from replies.
  package private(set) var endsWithClient = false
  private var hasBeenReady = false

  init(
    _ version: RESPVersion, database: UInt32, identity: LinkIdentity? = nil, of worker: Worker
  ) {
    self.version = version
    self.database = database
    self.identity = identity
    self.worker = worker
  }

  private func makeConnection() -> LinkConnection {
    var profile = worker.profile(.pinned(version), database: database)
    profile.fallback = identity
    return worker.connection(profile, owner: self)
  }

  /// Channels that its client is subscribed to.
  package var subscriptionCount: Int { connection.subscriptionCount }
  /// Requests without a reply.
  package var requestCount: Int { connection.requestCount }
  package var isClosed: Bool { connection.isClosed }
  /// By which number Redis knows it; nil before the greeting.
  package var redisID: Int? { connection.server.clientID }

  /// Connects, where it has not yet, so that it gets a number for others to know.
  package func requestClientID(now: Moment) {
    endWithClient()
    connection.start(now: now)
  }

  package func endWithClient() { endsWithClient = true }

  /// Its client has gone: Redis hears of it as it would from the client itself. It ends what the client waits for,
  /// unless that was there, and then the link.
  package func finish(now: Moment) {
    endWithClient()
    connection.finish(now: now)
  }

  /// Redis has ended all of its client's subscriptions with one reply.
  package func forgetSubscriptions() { connection.forgetSubscriptions() }
  /// Of the last transaction that was to tell, which of its SELECTs was the last one that Redis has obeyed;
  /// nil where none was.
  package var lastSelection: Int? { connection.lastSelection }
  /// Bytes that wait to be sent.
  package var outputCount: Int { connection.unsentCount }
  /// Whether they must wait for `linkDrained`.
  package var isOutputBlocked: Bool { connection.isOutputBlocked || !connection.isReady }

  /// Sends something whose reply is dropped, ahead of what comes next.
  package func precede(with request: RawSpan, now: Moment) throws(ProxyError) {
    do throws(RedisError) {
      try connection.submit(.own, .discard, request, now: now)
    } catch {
      throw .redis(error)
    }
  }

  /// Has Redis speak the version that its client speaks from now on, where nothing is under way.
  package func speak(_ version: RESPVersion, now: Moment) {
    let request = Array("*2\r\n$5\r\nHELLO\r\n$1\r\n\(version.rawValue)\r\n".utf8)
    try? precede(with: request.rawSpan, now: now)
    noteVersion(version)
  }

  /// Something else has had Redis speak this.
  package func noteVersion(_ version: RESPVersion) { connection.noteVersion(version) }

  /// More of the request that was passed last, and not as a whole. False: it was lost.
  package func extend(_ token: UInt64, _ bytes: RawSpan) -> Bool {
    connection.extend(LinkToken(token), bytes)
  }

  /// Whether it ended because Redis wants to know first who its client is, so that nothing was executed.
  package func wasTurnedAway(because error: RedisError) -> Bool {
    guard case .authenticationFailed = error.reason else { return false }
    return !hasBeenReady
  }

  /// Reads no more until `resumeReading`.
  package func pauseReading() { connection.pauseReading() }
  package func resumeReading() { connection.resumeReading() }

  package func link(
    _ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment
  ) {
    switch event {
    case .piece(let piece):
      note(piece.token)
      worker.relay(piece, in: bytes, now: now)
    case .unasked(let piece):
      let place = ReplyPlace(isFirst: piece.isFirst, isLast: piece.isLast, endsRequest: false)
      worker.relayUnasked(
        bytes.extracting(piece.bytes), place, after: latest, on: self, now: now)
    case .tree(let token):
      note(token)
      worker.finish(token.value, with: link.takeReply(), now: now)
    case .ready:
      guard worker.greeted(link, now: now) else { return }
      hasBeenReady = true
      if stage == .returning {
        worker.pool(self, now: now)
      } else {
        caller?.linkReady(self, now: now)
        caller?.linkDrained(now: now)
      }
    case .answered, .filled, .invalidated, .invalidatedAll, .needsMore, .drained, .lost: break
    }
  }

  private func note(_ token: LinkToken) {
    if token.value == latest.token { return }
    latest = Call.Numbers(token: token.value, ticket: worker.ticket(of: token.value))
  }

  package func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    worker.lost(link, because: error)
  }

  package func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    worker.fail(request.token.value, wasSent: request.wasSent, because: error, now: now)
  }

  package func linkDrained(_ link: LinkConnection, now: Moment) { caller?.linkDrained(now: now) }

  package func linkEnded(_ link: LinkConnection, because error: RedisError, now: Moment) {
    // Not before: until all its requests are reported, the worker's may be the last reference.
    worker.forget(self)
    caller?.linkEnded(self, because: error, now: now)
    caller = nil
  }
}
