internal import Synchronization

/// A link that carries many clients' requests, one behind the other.
final class SharedLink {
  /// Which one it is.
  enum Name: Hashable {
    /// One strand has a link and a spare, which carries what is new while Redis holds back what the first is
    /// to answer.
    case shared(RESPVersion, database: UInt32, CommandStrand, isSpare: Bool)
    /// Commands that must never queue behind the command they end.
    case control
  }

  let name: Name
  let connection: LinkConnection
  var watch = IdleWatch()

  init(_ name: Name, of worker: Worker) {
    self.name = name
    let profile =
      switch name {
      case .shared(let version, let database, _, _):
        worker.profile(.shared(version), database: database)
      case .control: worker.profile(.control, database: 0)
      }
    connection = worker.connection(profile, owner: worker)
  }
}

/// Which link of a strand is taken.
extension Worker {
  /// Whether what is new takes the spare link of a strand, because Redis holds back what the other one is to
  /// answer. Who has requests under way on one of them goes on with that one, so that they keep their order.
  package func prefersSpare(
    _ strand: CommandStrand, _ version: RESPVersion, database: UInt32, now: Moment
  ) -> Bool {
    guard let link = known(strand, version, database: database, isSpare: false),
      link.isHeldUp(now: now),
      // Used once it is ready: a Redis that answers nothing would fail what waits for its greeting.
      let spare = try? shared(strand, version, database: database, isSpare: true, now: now)
    else { return false }
    spare.start(now: now)
    return spare.isReady
  }

  /// Whether so much waits to be sent over a shared link that what comes next has to wait.
  package func isFlooded(
    _ strand: CommandStrand, _ version: RESPVersion, database: UInt32, isSpare: Bool
  ) -> Bool {
    guard floodSwitch.load(ordering: .relaxed),
      let link = known(strand, version, database: database, isSpare: isSpare)
    else { return false }
    return link.unsentCount > Limits.sharedUnsentBytesMax
  }

  private func known(
    _ strand: CommandStrand, _ version: RESPVersion, database: UInt32, isSpare: Bool
  ) -> LinkConnection? {
    recentShared.connection(strand, version, database: database, isSpare: isSpare)
      ?? sharedLinks[.shared(version, database: database, strand, isSpare: isSpare)]?.connection
  }

  func shared(
    _ strand: CommandStrand, _ version: RESPVersion, database: UInt32, isSpare: Bool, now: Moment
  ) throws(RedisError) -> LinkConnection {
    // Mostly one of those used last.
    if let recent = recentShared.connection(strand, version, database: database, isSpare: isSpare) {
      return recent
    }
    return try shared(.shared(version, database: database, strand, isSpare: isSpare), now: now)
  }

  /// Scripts have their spare link from the beginning: while one runs for too long, no link can be made.
  func prepareSpare(for name: SharedLink.Name, now: Moment) {
    guard case .shared(let version, let database, .scripts, isSpare: false) = name else { return }
    let spare = SharedLink.Name.shared(version, database: database, .scripts, isSpare: true)
    try? shared(spare, now: now).start(now: now)
  }
}

/// What comes over the links that clients share: told to the worker itself, because an object between them
/// would count a reference to it for each reply.
extension Worker: LinkOwner {
  package func link(
    _ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment
  ) {
    switch event {
    case .piece(let piece): relay(piece, in: bytes, now: now)
    case .tree(let token): finish(token.value, with: link.takeReply(), now: now)
    case .ready: if greeted(link, now: now) { learnCommands(over: link, now: now) }
    case .unasked, .answered, .filled, .invalidated, .invalidatedAll, .needsMore, .drained, .lost:
      break
    }
  }

  package func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    lost(link, because: error)
  }

  package func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    fail(request.token.value, wasSent: request.wasSent, because: error, now: now)
  }
}
