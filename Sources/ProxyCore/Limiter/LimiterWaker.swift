/// Who is told that a wait has ended: for an event loop, its mailbox.
///
/// An object that exists anyway and a tag, rather than a closure for each wait, so that waiting
/// allocates nothing.
package protocol LimiterWaker: AnyObject, Sendable {
  /// Called once a wait, on the thread that ended it, with no lock held. Hand the news on and
  /// return: the caller may be another event loop.
  func limiterWait(_ tag: UInt64, ended outcome: LimiterOutcome)
}
