/// What one client asks about the clients of all loops, or wants done to them.
struct ClientSurvey: Sendable {
  enum Purpose: Sendable {
    /// To show them: in the order of `ids`, or in which they have come where there are none.
    case list(ids: [Int])
    /// To end them. `countsThem`: the number is told, rather than whether there was one.
    case kill(countsThem: Bool)
    /// To end what Redis keeps a client waiting for, by an error or as if its time were over.
    case unblock(byError: Bool)
    /// To have invalidations sent to a client: by which number does Redis know it?
    case redirect(TrackingRequest)
  }

  let purpose: Purpose
  let filter: ClientFilter
  /// The client that asks.
  let asker: Int
}

/// `CLIENT TRACKING … REDIRECT id`.
struct TrackingRequest: Sendable {
  var words: [[UInt8]] = []
  /// Which of the words is the id, and the number that it is.
  var place = 0
  var id = 0
  var isOn = false
}

/// What a loop says to a survey, or a part of that.
struct SurveyPart: Sendable {
  struct Line: Sendable {
    let id: Int
    let text: [UInt8]
  }

  /// Clients of a list.
  var lines: [Line] = []
  /// What their lines take, or would take: past a limit they are not kept.
  var bytes = 0
  /// How many clients were meant.
  var count = 0
  /// Whether who asks is one of those to be ended.
  var includesAsker = false
  /// What Redis has said, or why it cannot be asked.
  var reply: [UInt8]?
  /// The client that is meant, as one that Redis can send to.
  var target: RedirectTarget?

  /// Keeps a client's line, unless all of them are more than `limit`.
  mutating func add(_ line: Line, limit: Int) {
    bytes += line.text.count
    lines.append(line)
    limitLines(to: limit)
  }

  mutating func limitLines(to limit: Int) {
    if bytes > limit { lines = [] }
  }

  mutating func add(_ other: SurveyPart) {
    lines += other.lines
    bytes += other.bytes
    count += other.count
    includesAsker = includesAsker || other.includesAsker
    reply = reply ?? other.reply
    target = target ?? other.target
  }
}

/// What rosters tell each other.
enum RosterMessage: Sendable {
  /// To each loop's. A part is sent to `seat` for every slice of clients; the first id of the slice is
  /// `first`.
  case survey(ClientSurvey, from: Int, number: UInt64, first: Int)
  case part(SurveyPart, number: UInt64, isLast: Bool)
  /// To each: how clients are treated from now on.
  case options(RESPOptions)
  /// To the loop of this client: somebody who has sent invalidations there does so no more.
  case released(Int)
}
