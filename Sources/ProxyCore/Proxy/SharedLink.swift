/// A link that carries many clients' requests, one behind the other.
final class SharedLink {
  /// Which one it is.
  enum Name: Hashable {
    case shared(RESPVersion, database: UInt32)
    /// For what must not stand behind that which it is to end.
    case control
  }

  let name: Name
  let connection: LinkConnection
  var watch = IdleWatch()

  init(_ name: Name, of lane: Lane) {
    self.name = name
    let profile =
      switch name {
      case .shared(let version, let database): lane.profile(.shared(version), database: database)
      case .control: lane.profile(.control, database: 0)
      }
    connection = lane.connection(profile, owner: lane)
  }
}

/// What comes over the links that clients share: told to the lane itself, because somebody between them
/// would count a reference to it for each reply.
extension Lane: LinkOwner {
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
