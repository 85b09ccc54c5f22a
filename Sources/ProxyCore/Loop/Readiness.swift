internal import CLinux

/// What a descriptor is ready for, or what is wanted of it.
struct Readiness: OptionSet {
  let rawValue: UInt32

  static let reading = Readiness(rawValue: EPOLLIN.rawValue)
  static let writing = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer has shut its sending side; what it sent before may still be unread.
  static let peerFinish = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// Urgent data, at which every read stops short.
  static let urgent = Readiness(rawValue: EPOLLPRI.rawValue)
  /// Reported whether wanted or not.
  static let failure = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
  /// Once for all that came, rather than for as long as it is not read.
  static let edge = Readiness(rawValue: EPOLLET.rawValue)

  /// What a connection is asked for once and for all.
  static let connection: Readiness = [.reading, .writing, .peerFinish, .urgent, .edge]
  /// Where one of these was reported, a short read does not say that nothing is left.
  static let warnings: Readiness = [.peerFinish, .urgent, .failure]
}
