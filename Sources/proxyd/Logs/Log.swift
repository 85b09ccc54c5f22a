internal import Glibc
internal import ProxyCore
internal import Synchronization

/// What the program says while it runs: a line each on standard error. Any thread may say something, and
/// none waits for its reader: a thread of the log's own writes, and what does not fit is counted.
final class Log: Sendable {
  /// The thread that writes to standard error, for others who do.
  let writer: LineWriter
  private let queue: LineQueue
  private let repeats = Locked(RepeatFilter())
  private let threshold: Atomic<UInt8>
  private let usesJSON: Atomic<Bool>
  private let isJournal = Journal.readsStandardError

  init(level: LogLevel, format: LogFormat) throws(SystemError) {
    threshold = Atomic(level.rank)
    usesJSON = Atomic(format == .json)
    writer = LineWriter(onto: try .shared(StandardStream.error.rawValue))
    queue = writer.makeQueue(bytesMax: Limits.logBytesMax)
    try writer.start(name: "proxyd-log", tend: { [self] in tend($0) }) { [self] news in
      if case .lost(let count) = news {
        warning(.logLost, "\(count) lines of this log were lost: they are not read fast enough")
      }
    }
  }

  func set(level: LogLevel, format: LogFormat) {
    threshold.store(level.rank, ordering: .relaxed)
    usesJSON.store(format == .json, ordering: .relaxed)
  }

  /// Writes what was said, as far as that can be done in a moment. Nothing may be logged after that.
  func close() { writer.close() }

  func verbose(_ event: LogEvent, _ message: String, _ fields: LogField...) {
    say(LogLine(.verbose, event, message, fields))
  }

  func notice(_ event: LogEvent, _ message: String, _ fields: LogField...) {
    say(LogLine(.notice, event, message, fields))
  }

  func warning(_ event: LogEvent, _ message: String, _ fields: LogField...) {
    say(LogLine(.warning, event, message, fields))
  }

  private func say(_ line: LogLine) {
    guard line.level.rank >= threshold.load(ordering: .relaxed) else { return }
    let (isSaid, isFirstKept) = repeats.withLock { $0.admit(line, now: .now) }
    if isSaid { write(line) }
    // The thread is to know when it has to tell of what was kept.
    if isFirstKept { writer.wake() }
  }

  private func write(_ line: LogLine) {
    let format = usesJSON.load(ordering: .relaxed) ? LogFormat.json : .text
    queue.add { output, clock in
      if isJournal { output.append(line.level.journalMark) }
      line.write(format, to: &output, &clock)
    }
  }

  /// Tells how often something was said that was not written; when there may be more to tell.
  private func tend(_ now: Moment) -> Moment? {
    let (lines, next) = repeats.withLock { ($0.takeDue(at: now), $0.nextMoment) }
    for line in lines { write(line) }
    return next
  }
}
