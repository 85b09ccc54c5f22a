/// Whose requests a link carries. All calls come on the link's loop; requests may be submitted in any of
/// them.
package protocol LinkOwner: AnyObject {
  /// The next thing that came. Ranges in `event`, a held value's too, are places in `bytes`, which are
  /// valid during the call.
  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment)

  /// The connection, or an attempt at one, came to its end. Called before the requests that it takes
  /// with it are reported, and before another attempt begins.
  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment)

  /// A request ended without a reply.
  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment)

  /// The link has ended for good, and every request was reported.
  func linkEnded(_ link: LinkConnection, because error: RedisError, now: Moment)

  /// All that was submitted has been handed to the kernel after some had to wait for it.
  func linkDrained(_ link: LinkConnection, now: Moment)
}

extension LinkOwner {
  package func linkEnded(_ link: LinkConnection, because error: RedisError, now: Moment) {}
  package func linkDrained(_ link: LinkConnection, now: Moment) {}
}
