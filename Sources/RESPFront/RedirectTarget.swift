internal import ProxyCore

/// Another client, to which Redis sends a client's invalidations. Once the last reference is gone,
/// that client may give its link back.
final class RedirectTarget: Sendable {
  /// The target's number here, and that of its link at Redis.
  let clientID: Int
  let redisID: Int
  private let seat: RosterSeat

  /// For the roster that counts it; `seat` is that roster's own.
  init(clientID: Int, redisID: Int, seat: RosterSeat) {
    self.clientID = clientID
    self.redisID = redisID
    self.seat = seat
  }

  deinit { _ = seat.mailbox.send(.released(clientID)) }
}

extension RedirectTarget {
  /// What came of asking a client to let itself be sent to.
  enum Naming {
    /// By which number Redis knows it.
    case named(Int)
    case gone
    case refused(ProxyError)
  }
}
