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
  /// By which number it knows this connection, if that was asked for.
  package var clientID: Int?
  package var speaks = RESPVersion.two
  package var tracking = Tracking.unwanted
}
