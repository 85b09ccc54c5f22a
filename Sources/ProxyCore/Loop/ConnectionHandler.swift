/// What a connection is for. All calls come on the loop that the connection belongs to; bytes are shown a
/// batch at a time.
package protocol ConnectionHandler: AnyObject {
  /// Whether it wants to hear `arrived`.
  var prepares: Bool { get }

  /// Bytes have come, and will be given to `received` after those of other connections, in this turn unless
  /// reading is paused or the connection ends meanwhile. It is too early to act upon them, and time to fetch
  /// from memory what that will take. Not all that is received is announced.
  func arrived(_ bytes: RawSpan)

  /// Bytes are there: new ones, after those that were left the last time. A handler that pauses
  /// reading in here is called again with what it left once it resumes.
  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption

  /// An outgoing connection has arrived.
  func connected(_ connection: Connection, now: Moment)

  /// The peer will send no more; what it sent was received. Answers can still be sent. The
  /// connection stays until it is closed here: at once, or when the last answer has been appended.
  func finished(_ connection: Connection, now: Moment)

  /// The peer shut its sending side while reading is paused: perhaps it has gone, and perhaps it
  /// only waits for its answers, with requests still unread. Called once.
  func hungUp(_ connection: Connection, now: Moment)

  /// The turn's output is about to be sent: append what was announced with `collectOutput`.
  func collected(_ connection: Connection, now: Moment)

  /// All output has been handed to the kernel after some had to wait for it.
  func drained(_ connection: Connection, now: Moment)

  /// Everything is to end: called on open connections, again and again, until this one ends too. What
  /// has come is still answered.
  func wasAskedToEnd(_ connection: Connection, now: Moment)

  /// The clients' incomplete requests are over their common limit, and this client's is the largest. The handler
  /// tells the client and closes; the connection drops its input after this call.
  func inputIsTooMuch(_ connection: Connection, now: Moment)

  /// The end. Nothing more is called, and the connection lets go of the handler.
  func closed(_ connection: Connection, because reason: CloseReason, now: Moment)
}

extension ConnectionHandler {
  package var prepares: Bool { false }
  package func arrived(_ bytes: RawSpan) {}
  package func connected(_ connection: Connection, now: Moment) {}
  package func finished(_ connection: Connection, now: Moment) { connection.closeAfterFlushing() }
  package func hungUp(_ connection: Connection, now: Moment) {}
  package func collected(_ connection: Connection, now: Moment) {}
  package func drained(_ connection: Connection, now: Moment) {}
  package func inputIsTooMuch(_ connection: Connection, now: Moment) { connection.close() }
  package func wasAskedToEnd(_ connection: Connection, now: Moment) {}
  package func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {}
}
