/// Who asks something of a worker. Everything is answered on the worker's loop, perhaps before the call
/// that asked for it has returned, and each ticket's end comes once.
package protocol Caller: AnyObject {
  /// The end of a fetch. `bytes` are valid during the call; `shared` is the same, to be kept.
  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment)

  /// A piece of the reply to what was passed on.
  func relayed(_ ticket: UInt64, _ piece: RawSpan, _ place: ReplyPlace, now: Moment)

  /// A reply that was asked for as a whole.
  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment)

  /// The end of what was passed on, without its reply or the rest of it.
  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment)

  /// A permit that was waited for: it is the caller's, unless there is an error.
  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment)

  /// A piece of what came unasked on the caller's own link, behind what has come of the reply to `ticket`.
  func unasked(_ piece: RawSpan, _ place: ReplyPlace, after ticket: UInt64, now: Moment)

  /// The caller's own link is connected, and Redis has given it a number.
  func linkReady(_ link: PinnedLink, now: Moment)

  /// The caller's own link has taken all that it was given, after some had to wait.
  func linkDrained(now: Moment)

  /// Less waits to be sent over a shared link than when the caller asked to be told.
  func linkHasRoom(now: Moment)

  /// The caller's own link has ended, whatever was under way on it has been reported.
  func linkEnded(_ link: PinnedLink, because error: RedisError, now: Moment)
}

extension Caller {
  package func relayed(_ ticket: UInt64, _ piece: RawSpan, _ place: ReplyPlace, now: Moment) {}
  package func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {}
  package func unasked(_ piece: RawSpan, _ place: ReplyPlace, after ticket: UInt64, now: Moment) {}
  package func linkReady(_ link: PinnedLink, now: Moment) {}
  package func linkDrained(now: Moment) {}
  package func linkHasRoom(now: Moment) {}
  package func linkEnded(_ link: PinnedLink, because error: RedisError, now: Moment) {}
}
