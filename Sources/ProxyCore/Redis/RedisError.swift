/// What went wrong between this process and a Redis, and with which one.
///
/// ```swift
/// do {
///   try await redis.send("INCR", "visits")
/// } catch let error as RedisError where error.isOutcomeUnknown {
///   // it may have been counted or not: look before trying again
/// }
/// ```
public struct RedisError: Error, Hashable, Sendable {
  /// What happened.
  public enum Reason: Hashable, Sendable {
    /// The connection was refused.
    case connectionRefused
    /// No connection, or no greeting on it, within the time allowed.
    case connectTimedOut
    /// The host's name leads nowhere; the text is the resolver's.
    case nameNotResolved(String)
    /// The network has no way there; the text is the system's.
    case connectFailed(String)
    /// The connection ended before the reply came. If the request had been sent, it is unknown
    /// whether it was executed.
    case connectionLost(outcomeUnknown: Bool)
    /// The user or the password is wrong, or one is needed and none was given.
    case authenticationFailed(RESPError)
    /// The server does not let this client in: protected mode, a missing right.
    case accessDenied(RESPError)
    /// The server reads its data from disk, or waits for its master, and answers nothing meanwhile.
    case loading(RESPError)
    /// A script or a function has run for so long that the server answers nothing else.
    case busy(RESPError)
    /// The server is a replica and takes no writes.
    case readOnly(RESPError)
    /// The server has as many clients as its `maxclients` allows.
    case clientsExceeded
    /// The server speaks another protocol.
    case notRedis
    /// The server is older than 6.0, or hides that it is not.
    case versionTooOld
    /// The server does not speak the version of the protocol that is needed.
    case protocolVersionRefused
    /// The server broke the protocol; the text says how.
    case protocolDefect(String)
    /// There is no such database.
    case databaseRefused(RESPError)
    /// Invalidations are refused, so that nothing can be kept coherent.
    case trackingRefused(RESPError)
    /// Another server than before answers at the same address.
    case serverReplaced
    /// The connection was closed on this side.
    case closed
    /// No reply within the time allowed.
    case timedOut
    /// The server keeps its connections and has answered nothing on any of them for so many seconds.
    case silent(seconds: Int)
    /// So many requests wait already.
    case queueFull(limit: Int)
    /// The reply is longer than so many bytes.
    case replyTooLarge(limit: Int)
    /// The reply has arrays, maps or sets within each other, more than so many levels.
    case replyTooDeep(limit: Int)
    /// The request, or what waits with it to be sent, is longer than so many bytes.
    case requestTooLarge(limit: Int)
    /// The command was not sent, because it would change or hold up a connection that others share; the
    /// text says which command, and why.
    case commandRefused(String)
    /// Redis answered with an error.
    case errorReply(RESPError)
  }

  /// The server's host and port.
  public let server: String
  /// What happened.
  public let reason: Reason

  /// An error of `server`, which is given as a host and a port.
  public init(server: String, reason: Reason) {
    self.server = server
    self.reason = reason
  }

  /// Whether the request may have been executed although no reply came. Such a write must not be
  /// repeated without a look.
  public var isOutcomeUnknown: Bool {
    switch reason {
    case .connectionLost(let outcomeUnknown): outcomeUnknown
    case .timedOut: true
    default: false
    }
  }

  /// Redis asks for a password, and there is none: less and less often it is tried without.
  package var lacksPassword: Bool {
    if case .authenticationFailed(let error) = reason { error.code == "NOAUTH" } else { false }
  }

  /// Whether nothing changes until an operator changes a setting, here or there.
  package var needsOperator: Bool {
    switch reason {
    // Where a password is asked for and there is none here, clients that have one change that.
    case .authenticationFailed: !lacksPassword
    case .accessDenied, .versionTooOld, .protocolVersionRefused, .databaseRefused, .notRedis,
      .trackingRefused:
      true
    default: false
    }
  }
}

extension RedisError: CustomStringConvertible {
  /// One line: `Redis at 127.0.0.1:6379: connection refused: does it run, and on this port?`
  public var description: String { "Redis at \(server): \(reason.text)" }
}

extension RedisError.Reason {
  /// Whether a connection that ended so was ended by the other side, or on the way there.
  var isForeign: Bool {
    switch self {
    case .closed, .serverReplaced: false
    default: true
    }
  }

  var text: String {
    switch self {
    case .connectionRefused: "connection refused: does it run, and on this port?"
    case .connectTimedOut: "no answer in time: is the address right, and no firewall between?"
    case .nameNotResolved(let why): "the name was not resolved: \(why)"
    case .connectFailed(let why): "no connection: \(why)"
    case .connectionLost(outcomeUnknown: true):
      "connection lost after the request was sent: it may have been executed"
    case .connectionLost(outcomeUnknown: false):
      "connection lost before the request was sent: it was not executed"
    case .authenticationFailed(let error):
      "authentication failed, check user and password: \(Self.line(error))"
    case .accessDenied(let error): "access denied: \(Self.line(error))"
    case .loading(let error): "not ready to serve yet: \(Self.line(error))"
    case .busy(let error): "busy with a script: \(Self.line(error))"
    case .readOnly(let error): "a replica takes no writes: \(Self.line(error))"
    case .clientsExceeded: "it has as many clients as it allows: raise its maxclients"
    case .notRedis: "the server there is no Redis: is the port right?"
    case .versionTooOld: "too old: the oldest that is supported is 6.0"
    case .protocolVersionRefused:
      "it does not speak RESP3: is HELLO disabled, or is it older than 6.0?"
    case .protocolDefect(let what): "it broke the protocol: \(what)"
    case .databaseRefused(let error): "the database was refused: \(Self.line(error))"
    case .trackingRefused(let error): "CLIENT TRACKING was refused: \(Self.line(error))"
    case .serverReplaced: "another server than before answers there"
    case .closed: "the connection was closed"
    case .timedOut: "no reply in time: the request may have been executed"
    case .silent(let seconds):
      "no answer to anything for \(seconds) s: does it stand still, or is the network cut?"
    case .queueFull(let limit): "\(limit) requests wait already: try again later"
    case .replyTooLarge(let limit): "the reply is longer than \(limit) bytes"
    case .replyTooDeep(let limit): "the reply is nested deeper than \(limit) levels"
    case .requestTooLarge(let limit): "requests of more than \(limit) bytes cannot wait to be sent"
    case .commandRefused(let why): why
    case .errorReply(let error): Self.line(error)
    }
  }

  /// The message without anything that could end or forge a line of a log.
  private static func line(_ error: RESPError) -> String {
    String(
      String.UnicodeScalarView(error.message.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
  }
}
