internal import Synchronization

/// The link of a home for one database: fills and fences, and what Redis pushes.
final class FillLink: LinkOwner {
  unowned let home: Home
  let database: UInt32
  private(set) lazy var connection = makeConnection()
  var watch = IdleWatch()
  /// Until when something that it has filled may be in memory.
  var filledUntil = Moment(nanoseconds: 0)
  private var isRetired = false
  /// Whether it is connected, and what it fills is tracked.
  private var isReady = false
  private var isTracked = false

  init(_ home: Home, database: UInt32) {
    self.home = home
    self.database = database
  }

  private func makeConnection() -> LinkConnection {
    var profile = home.worker.profile(.fill, database: database)
    profile.tracks = home.worker.proxy.settings.coherence != .timeToLive
    return home.worker.connection(profile, owner: self)
  }

  /// Whatever it has filled was filled before now.
  func entriesMayAge(to timeToLive: Duration?, now: Moment) {
    if filledUntil <= now { return }
    filledUntil = max(filledUntil, timeToLive.map { now.advanced(by: $0) } ?? .distantFuture)
  }

  /// Ends it, because nothing depends on it any more.
  func retire(now: Moment) {
    isRetired = true
    connection.close(now: now)
  }

  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment) {
    switch event {
    case .filled(let token, let value, let lifetime):
      home.filled(token.value, value, lifetime, in: bytes, isTracked: isTracked, now: now)
    case .invalidated(let key): home.invalidated(bytes.extracting(key))
    case .invalidatedAll: home.invalidatedAll()
    case .answered(let token, _): home.fencePartAnswered(token.value, now: now)
    case .tree(let token):
      guard let question = home.question(token.value) else { return }
      home.worker.finish(question, with: link.takeReply(), now: now)
    case .ready:
      guard home.worker.greeted(link, now: now) else { return }
      isReady = true
      isTracked = link.server.tracking == .on
      if !isTracked {
        home.worker.proxy.untrackedLinks.wrappingAdd(1, ordering: .relaxed)
        home.worker.proxy.linkIsUntracked(link.server)
      }
      home.worker.beginSwapWatch(over: link, now: now)
    case .piece, .unasked, .needsMore, .drained, .lost: break
    }
  }

  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    if isReady && !isTracked {
      home.worker.proxy.untrackedLinks.wrappingSubtract(1, ordering: .relaxed)
    }
    let wasReady = isReady
    isReady = false
    if wasReady && !isRetired { home.linkWasLost() }
    home.worker.lost(link, because: error)
  }

  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    home.lost(request.token.value, because: error, now: now)
  }
}
