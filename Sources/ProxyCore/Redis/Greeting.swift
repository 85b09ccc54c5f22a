/// What a link says and hears before it carries anything for others.
///
/// ```
///   reset ──▶ opening ── HELLO 3 … unknown ──▶ AUTH (RESP2) ──▶ settling: SELECT, CLIENT …, INFO, PING
///                     └─ HELLO 3 … accepted ────────────────────▲
/// ```
///
/// The opening decides what the rest is; the rest leaves at once and is matched by position. `PING` comes
/// last because it alone tells that a server is still loading, or busy.
struct Greeting: ~Copyable {
  enum GreetingOutcome: Equatable {
    /// Waits for the next reply.
    case proceed
    case finished
    case failed(RedisError.Reason)
  }

  enum GreetingStep: Equatable {
    case reset, hello, authenticate, setName, identify, select, protect, track, inquire, ping
  }

  private(set) var server = LinkServer()
  /// Those whose replies have not come, in order.
  private var awaited: [GreetingStep] = []

  /// Writes the beginning. A connection that was in use is reset first.
  mutating func begin(_ profile: LinkProfile, resets: Bool, to output: inout ByteBuffer)
    -> GreetingOutcome
  {
    guard resets else { return open(profile, to: &output) }
    ask(.reset, profile, to: &output)
    return .proceed
  }

  /// Takes the next reply, and writes what follows from it.
  mutating func take(
    _ reply: RESPValue, _ profile: LinkProfile, to output: inout ByteBuffer
  ) -> GreetingOutcome {
    guard let step = awaited.first else { return .failed(.notRedis) }
    if step == .reset && !reply.isResetReply { return .proceed }
    awaited.removeFirst()
    if let error = reply.failure {
      return refused(step, error, profile, to: &output)
    }
    switch step {
    case .reset: return open(profile, to: &output)
    case .hello:
      guard let pairs = reply.pairs, !pairs.isEmpty else { return .failed(.notRedis) }
      server.speaks = profile.role.version
      server.version = reply["version"]?.bytes
      server.clientID = reply["id"]?.int
      server.isReplica = reply["role"]?.string == "slave" || reply["role"]?.string == "replica"
      return settle(profile, to: &output)
    case .authenticate: return settle(profile, to: &output)
    case .identify: server.clientID = reply.int
    case .inquire:
      read(reply)
      server.isUnidentified = server.runID == nil
    case .track: server.tracking = .on
    case .setName, .select, .protect, .ping: break
    }
    return proceed()
  }

  // MARK: What is said

  private mutating func open(_ profile: LinkProfile, to output: inout ByteBuffer) -> GreetingOutcome
  {
    if profile.role.version == .three || profile.fallback != nil {
      ask(.hello, profile, to: &output)
    } else if profile.url.password != nil {
      ask(.authenticate, profile, to: &output)
    } else {
      return settle(profile, to: &output)
    }
    return .proceed
  }

  private mutating func settle(_ profile: LinkProfile, to output: inout ByteBuffer)
    -> GreetingOutcome
  {
    let role = profile.role
    if server.isForeign {
      // Nothing that this user's rights may not allow: Redis keeps a log of that.
      if profile.url.database != 0 { ask(.select, profile, to: &output) }
      return proceed()
    }
    if server.speaks == .two {
      ask(.setName, profile, to: &output)
      if role.isPinned { ask(.identify, profile, to: &output) }
    }
    if role != .control {
      if profile.url.database != 0 { ask(.select, profile, to: &output) }
      if !role.isPinned { ask(.protect, profile, to: &output) }
      if role == .fill && profile.tracks && server.speaks == .three {
        ask(.track, profile, to: &output)
      }
      ask(.inquire, profile, to: &output)
      ask(.ping, profile, to: &output)
    }
    return proceed()
  }

  private mutating func proceed() -> GreetingOutcome {
    if !awaited.isEmpty { return .proceed }
    return isTooOld ? .failed(.versionTooOld) : .finished
  }

  private mutating func ask(
    _ step: GreetingStep, _ profile: LinkProfile, to output: inout ByteBuffer
  ) {
    awaited.append(step)
    switch step {
    case .reset:
      output.appendCommand(argumentCount: 1)
      output.appendArgument("RESET")
    case .hello:
      let identity = server.isForeign ? profile.fallback : LinkIdentity(profile.url)
      Self.appendHello(profile, as: identity, to: &output)
    case .authenticate:
      output.appendCommand(argumentCount: 3)
      output.appendArgument("AUTH")
      output.appendArgument(Array((profile.url.username ?? "default").utf8))
      output.appendArgument(Array((profile.url.password ?? "").utf8))
    case .setName:
      output.appendCommand(argumentCount: 3)
      output.appendArgument("CLIENT")
      output.appendArgument("SETNAME")
      output.appendArgument(Array(profile.name.utf8))
    case .identify:
      output.appendCommand(argumentCount: 2)
      output.appendArgument("CLIENT")
      output.appendArgument("ID")
    case .select:
      output.appendCommand(argumentCount: 2)
      output.appendArgument("SELECT")
      output.appendArgument(profile.url.database)
    case .protect:
      output.appendCommand(argumentCount: 3)
      output.appendArgument("CLIENT")
      output.appendArgument("NO-EVICT")
      output.appendArgument("ON")
    case .track:
      output.appendCommand(argumentCount: 3)
      output.appendArgument("CLIENT")
      output.appendArgument("TRACKING")
      output.appendArgument("ON")
    case .inquire:
      output.appendCommand(argumentCount: 2)
      output.appendArgument("INFO")
      output.appendArgument("server")
    case .ping:
      output.appendCommand(argumentCount: 1)
      output.appendArgument("PING")
    }
  }

  private static func appendHello(
    _ profile: LinkProfile, as identity: LinkIdentity?, to output: inout ByteBuffer
  ) {
    output.appendCommand(argumentCount: identity == nil ? 4 : 7)
    output.appendArgument("HELLO")
    output.appendArgument(Int(profile.role.version.rawValue))
    if let identity {
      output.appendArgument("AUTH")
      output.appendArgument(Array((identity.user ?? "default").utf8))
      output.appendArgument(Array(identity.password.utf8))
    }
    output.appendArgument("SETNAME")
    output.appendArgument(Array(profile.name.utf8))
  }

  // MARK: What is heard

  private mutating func refused(
    _ step: GreetingStep, _ error: RESPError, _ profile: LinkProfile, to output: inout ByteBuffer
  ) -> GreetingOutcome {
    if let reason = RedisError.Reason(refusal: error, isControl: profile.role == .control) {
      guard case .authenticationFailed = reason, step == .hello, profile.fallback != nil,
        !server.isForeign
      else { return .failed(reason) }
      server.isForeign = true
      ask(.hello, profile, to: &output)
      return .proceed
    }
    switch step {
    case .hello:
      guard Self.isUnknown(error) else { return .failed(.errorReply(error)) }
      guard profile.role.standsRESP2 else { return .failed(.protocolVersionRefused) }
      if profile.role == .fill { server.tracking = .refused(error) }
      if profile.url.password == nil { return settle(profile, to: &output) }
      ask(.authenticate, profile, to: &output)
      return .proceed
    case .authenticate:
      // Before 6.0 there were no users, so that there is one argument too many.
      if error.message.contains("wrong number of arguments") { return .failed(.versionTooOld) }
      return .failed(.authenticationFailed(error))
    case .select: return .failed(.databaseRefused(error))
    case .reset: return .failed(.errorReply(error))
    case .track: server.tracking = .refused(error)
    case .inquire: server.isUnidentified = true
    case .setName, .identify, .protect, .ping: break
    }
    return proceed()
  }

  /// Whether the command is missing, renamed or forbidden, or its version is not spoken.
  private static func isUnknown(_ error: RESPError) -> Bool {
    error.code == "NOPROTO" || error.code == "NOPERM"
      || error.message.hasPrefix("ERR unknown command")
  }

  private mutating func read(_ reply: RESPValue) {
    guard let text = reply.bytes else { return }
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let value = Array(line[colon...].dropFirst())
      if value.isEmpty { continue }
      switch String(decoding: line[..<colon], as: UTF8.self) {
      case "run_id": server.runID = value
      case "redis_version": server.version = server.version ?? value
      default: break
      }
    }
  }

  private var isTooOld: Bool {
    guard let version = server.version else { return false }
    var major = Decimal()
    for byte in version.prefix(while: { $0 != UInt8(ascii: ".") }) { major.read(byte) }
    return major.value.map { $0 < Self.majorVersionMin } ?? false
  }

  private static let majorVersionMin = 6
}

extension RESPValue {
  /// What comes before the reply to RESET belongs to a state that is about to end.
  fileprivate var isResetReply: Bool {
    if case .simpleString(let text) = self { return text == Array("RESET".utf8) }
    return failure != nil
  }
}

extension RedisError.Reason {
  /// What an error says about the whole connection, whatever it was the reply to.
  init?(refusal error: RESPError, isControl: Bool) {
    switch error.code {
    case "NOAUTH", "WRONGPASS": self = .authenticationFailed(error)
    case "DENIED": self = .accessDenied(error)
    case "LOADING", "MASTERDOWN": self = .loading(error)
    case "BUSY" where !isControl: self = .busy(error)
    case "ERR" where error.message.hasPrefix("ERR max number of clients"): self = .clientsExceeded
    default: return nil
    }
  }

  /// What the error that a request was answered with says, where it concerns more than that request.
  package init(reply error: RESPError) {
    if error.code == "READONLY" {
      self = .readOnly(error)
    } else {
      self = Self(refusal: error, isControl: false) ?? .errorReply(error)
    }
  }
}
