/// Looks who answers now where the URL leads: a connection that hears the greeting, and ends. Should that be
/// another server than that of the worker's links, they are renewed, as when one of them finds it out.
final class ServerProbe: LinkOwner {
  private unowned let worker: Worker
  private lazy var connection = makeConnection()

  init(_ worker: Worker) { self.worker = worker }

  private func makeConnection() -> LinkConnection {
    let database = UInt32(clamping: worker.proxy.settings.url.database)
    return worker.connection(worker.profile(.pinned(.two), database: database), owner: self)
  }

  func start(now: Moment) { connection.start(now: now) }
  func close(now: Moment) { connection.close(now: now) }

  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment) {
    guard case .ready = event, worker.greeted(link, now: now) else { return }
    worker.probeAnsweredAt = now
    link.close(now: now)
  }

  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    // A server that does not answer is no loss of a link.
    if error.isAnswer { worker.probeAnsweredAt = worker.loop.now }
    if link.isCounted || error.reason == .serverReplaced { worker.lost(link, because: error) }
  }

  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {}

  func linkEnded(_ link: LinkConnection, because error: RedisError, now: Moment) {
    worker.probe = nil
  }
}

extension Worker {
  /// Looks at the beginning of a reply: a server that refuses a write because it is a replica may have been
  /// demoted, and the name that led to it may lead elsewhere by now.
  func checkForDemotion(_ reply: RawSpan, now: Moment) {
    guard reply.byteCount >= Self.demotion.utf8CodeUnitCount,
      unsafe reply.byte(at: 0) == UInt8(ascii: "-"),  // in bounds
      reply.extracting(0..<Self.demotion.utf8CodeUnitCount).equals(Self.demotion)
    else { return }
    suspectDemotion(now: now)
  }

  func suspectDemotion(now: Moment) { probeServer(now: now) }

  /// Looks who answers, if anybody does.
  func probeServer(now: Moment) {
    guard probe == nil, now >= probeDue, !isClosed else { return }
    probeDue = now.advanced(by: Limits.probePause)
    let probe = ServerProbe(self)
    self.probe = probe
    probe.start(now: now)
  }

  private static let demotion: StaticString = "-READONLY "
}

extension RedisError {
  /// Whether Redis has said it itself.
  fileprivate var isAnswer: Bool {
    switch reason {
    case .clientsExceeded, .authenticationFailed: true
    default: false
    }
  }
}
