internal import Glibc
internal import ProxyCore
internal import Synchronization

/// What the program says while it runs: a line each on standard error. Any thread may say something, and
/// none waits for whoever reads it: a thread of the log's own writes, and what does not fit is counted.
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

  /// Writes what was said, as far as that can be done in a moment. Nothing is to be said any more.
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

/// What is said again and again is written a few times, then counted, and told of once a minute.
struct RepeatFilter: Sendable {
  private struct Kind: Sendable {
    let end: Moment
    var written = 1
    var kept = 0
    var latest: LogLine
  }

  private var kinds: [LogEvent: Kind] = [:]

  /// Whether a line is to be written now, and, where not, whether it is the first that `takeDue` will tell of.
  mutating func admit(_ line: LogLine, now: Moment) -> (isWritten: Bool, isFirstKept: Bool) {
    guard line.event.mayRepeat else { return (true, false) }
    guard var kind = kinds[line.event], now < kind.end || kind.kept > 0 else {
      kinds[line.event] = Kind(
        end: now.advanced(by: Limits.logRepeatsPeriod), latest: line)
      return (true, false)
    }
    kind.latest = line
    let isWritten = kind.written < Limits.logRepeatsMax
    if isWritten { kind.written += 1 } else { kind.kept += 1 }
    kinds[line.event] = kind
    return (isWritten, kind.kept == 1)
  }

  /// When there is something to tell.
  var nextMoment: Moment? { kinds.values.filter { $0.kept > 0 }.map(\.end).min() }

  /// The latest of what was kept from being written, with how much more there was.
  mutating func takeDue(at now: Moment) -> [LogLine] {
    var lines: [LogLine] = []
    for (event, kind) in kinds where kind.kept > 0 && kind.end <= now {
      lines.append(kind.latest.repeated(kind.kept - 1))
      kinds[event] = nil
    }
    return lines
  }
}

/// Whether systemd's journal reads what is written, and takes the level from before a line.
enum Journal {
  static var readsStandardError: Bool {
    guard let place = unsafe getenv("JOURNAL_STREAM") else { return false }
    var status = stat()
    guard unsafe fstat(StandardStream.error.rawValue, &status) == 0 else { return false }
    return unsafe String(cString: place) == "\(status.st_dev):\(status.st_ino)"
  }
}

/// Where a program says something, without a buffer.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Opens what whoever started the program has closed, onto nothing: another file would get the number, and
  /// what is said here. To be called before anything is opened.
  static func openAll() {
    // The lowest number that is free is given first.
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// False where nobody takes it any more.
  @discardableResult
  func write(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
