/// What workers tell each other.
enum WorkerMessage: Sendable {
  /// To a key's home: what is its value?
  case fetch(key: [UInt8], hash: UInt64, database: UInt32, reader: Reader)
  /// To there: this one waits no more.
  case abandoned(Reader, hash: UInt64, database: UInt32)
  /// From there: what these readers are to be told. Bytes are with it where the outcome has some.
  case fetched([Reader], FetchOutcome, FetchNotes, SharedBlock?)
  /// From there: a write is under way; ask for yourself.
  case askYourself(UInt64, key: [UInt8])
  /// To each worker: say when what Redis has pushed so far was applied.
  case fence(from: Int, number: UInt64)
  case fenceAnswered(number: UInt64)
  /// To itself: those who ask for a fence in one turn share it.
  case beginFence
  /// From the limiter: a wait has ended.
  case waitEnded(UInt64, LimiterOutcome)
  /// Another server answers: connect anew.
  case renew
  /// A link was lost, and Redis does not say which server it is: reconnect what was ready before.
  case renewUnidentified(readyBefore: Moment, withClients: Bool)
  case learned(CommandTable)
  /// Something to do on the worker, for tasks; nil where the worker has ended.
  case perform(@Sendable (Worker?, Moment) -> Void)
}

/// One who waits for a key's value: a read of a worker.
struct Reader: Sendable {
  let worker: Int
  let read: UInt64
  /// When it asked.
  let asked: Moment
  /// Whether it waits for what another has asked for.
  var hasJoined = false
}

/// What became of a fetch. The bytes of a value or an error come along with it.
package enum FetchOutcome: Equatable, Sendable {
  case value
  /// There is no such key.
  case absent
  /// Redis's own error, its code first.
  case error
  /// Over the limit of values that are kept: to be fetched on a link of its own.
  case large
  case failed(ProxyError)
}

/// How the answer to a fetch came about, for those who tell.
package struct FetchNotes: Equatable, Sendable {
  /// Whether the next one who asks will find it in memory.
  package var isStored = false
  /// Whether somebody else had asked already.
  package var isCollapsed = false
  /// Where Redis is away, and this is what was known last: how long ago it was fetched.
  package var staleMilliseconds: UInt32?

  package init() {}

  package var isStale: Bool { staleMilliseconds != nil }

  /// What is true of one of those who are answered together.
  func of(_ reader: Reader) -> FetchNotes {
    var notes = self
    if reader.hasJoined { notes.isCollapsed = true }
    return notes
  }
}

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

/// Where in its reply a piece lies.
package struct ReplyPlace: Equatable, Sendable {
  package let isFirst: Bool
  /// Whether a reply ends with it.
  package let isLast: Bool
  /// Whether the request is answered with it: some have several replies.
  package let endsRequest: Bool
}
