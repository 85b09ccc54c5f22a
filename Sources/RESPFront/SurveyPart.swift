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
