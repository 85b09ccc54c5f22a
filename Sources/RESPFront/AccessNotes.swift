internal import ProxyCore

/// What the access log is to tell of a client's requests, while there is one. Otherwise it owns nothing.
struct AccessNotes {
  /// A request whose reply is still to come.
  struct Pending {
    var record: AccessRecord
    let start: Moment
  }

  /// Those, by their tickets.
  var pending: [UInt64: Pending] = [:]
  /// The ticket of the request at hand, if it has one, and how it has ended, if that is known.
  var ticket: UInt64?
  var outcome: AccessOutcome?
}
