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
