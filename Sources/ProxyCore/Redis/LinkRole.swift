/// What a link is for.
package enum LinkRole: Equatable, Sendable {
  /// Cache fills and fences, with tracking where Redis allows it.
  case fill
  /// Many clients' stateless commands, in the version that those clients speak.
  case shared(RESPVersion)
  /// One client's own. Its state would be lost with it, so that it is not connected again.
  case pinned(RESPVersion)
  /// Commands that end what occupies the server: it asks for nothing that a busy server refuses.
  case control

  var version: RESPVersion {
    switch self {
    case .fill, .control: .three
    case .shared(let version), .pinned(let version): version
    }
  }

  /// Whether the link can do its work in RESP2 where RESP3 is refused.
  var standsRESP2: Bool { self == .fill || self == .control }

  var reconnects: Bool {
    if case .pinned = self { false } else { true }
  }

  var isPinned: Bool { !reconnects }
}

/// What does not change about a link.
package struct LinkProfile: Sendable {
  package let role: LinkRole
  /// The server, the user and the database.
  package var url: RedisURL
  /// What Redis shows this link as, in `CLIENT LIST`; without spaces.
  package var name = "proxyd"
  /// From the first step to the end of the greeting.
  package var connectTimeout = Duration.seconds(1)
  /// Who the link is where Redis does not let in whom the URL names.
  var fallback: LinkIdentity?
  /// Whether a fill link asks for invalidations.
  package var tracks = true
  /// A longer value of a fill is skipped.
  package var valueBytesMax = 1024 * 1024
  /// A longer reply is not built as a tree.
  package var treeBytesMax = Limits.replyTreeBytesMax

  package init(role: LinkRole, url: RedisURL) {
    self.role = role
    self.url = url
  }

  func error(_ reason: RedisError.Reason) -> RedisError {
    RedisError(server: url.server, reason: reason)
  }
}

/// What a greeting taught about the server.
package struct LinkServer: Equatable, Sendable {
  package enum Tracking: Equatable, Sendable {
    /// The link's role has no need of it.
    case unwanted
    case on
    /// The cache can rely on expiry alone.
    case refused(RESPError)
  }

  /// Which process it is: another one after each start. Nil where `INFO` is refused,
  /// or the link has no need of it.
  package var runID: [UInt8]?
  /// Whether it was asked, and did not tell.
  var isUnidentified = false
  /// `7.0.15`; nil where neither `HELLO` nor `INFO` tells.
  package var version: [UInt8]?
  package var isReplica = false
  /// Whether it knows the link by its fallback.
  var isForeign = false
  /// By which number it knows this connection, where somebody needs it.
  package var clientID: Int?
  package var speaks = RESPVersion.two
  package var tracking = Tracking.unwanted
}
