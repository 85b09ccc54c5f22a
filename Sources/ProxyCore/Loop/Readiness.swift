internal import CLinux

/// What a descriptor is ready for, or what is wanted of it.
struct Readiness: OptionSet {
  let rawValue: UInt32

  static let reading = Readiness(rawValue: EPOLLIN.rawValue)
  static let writing = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer has shut its sending side; what it sent before may still be unread.
  static let peerFinish = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// Reported whether wanted or not.
  static let failure = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
  /// Once an increase of an event counter, rather than for as long as it is not read.
  static let edge = Readiness(rawValue: EPOLLET.rawValue)
}
