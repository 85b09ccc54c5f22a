/// A link that carries many clients' requests, one behind the other.
final class SharedLink: LinkOwner {
  /// Which one it is.
  enum Name: Hashable {
    case shared(RESPVersion, database: UInt32)
    /// For what must not stand behind that which it is to end.
    case control
  }

  unowned let lane: Lane
  let name: Name
  private(set) lazy var connection = makeConnection()
  var watch = IdleWatch()

  init(_ name: Name, of lane: Lane) {
    self.name = name
    self.lane = lane
  }

  private func makeConnection() -> LinkConnection {
    let profile =
      switch name {
      case .shared(let version, let database): lane.profile(.shared(version), database: database)
      case .control: lane.profile(.control, database: 0)
      }
    return lane.connection(profile, owner: self)
  }

  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment) {
    switch event {
    case .piece(let piece): lane.relay(piece, in: bytes, now: now)
    case .tree(let token): lane.finish(token.value, with: link.takeReply(), now: now)
    case .ready: if lane.greeted(link, now: now) { lane.learnCommands(over: self, now: now) }
    case .unasked, .answered, .filled, .invalidated, .invalidatedAll, .needsMore, .drained, .lost:
      break
    }
  }

  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    lane.lost(link, because: error)
  }

  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    lane.fail(request.token.value, wasSent: request.wasSent, because: error, now: now)
  }
}
