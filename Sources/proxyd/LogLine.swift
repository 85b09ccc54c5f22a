internal import Glibc
internal import ProxyCore

/// How much is said; each level includes those after it. The names are Redis's.
enum LogLevel: String, CaseIterable, Sendable {
  case verbose, notice, warning

  var rank: UInt8 {
    switch self {
    case .verbose: 0
    case .notice: 1
    case .warning: 2
    }
  }

  /// As in Redis's log.
  var mark: StaticString {
    switch self {
    case .verbose: "-"
    case .notice: "*"
    case .warning: "#"
    }
  }

  /// What systemd's journal takes from before a line (sd-daemon(3)).
  var journalMark: StaticString {
    switch self {
    case .verbose: "<6>"
    case .notice: "<5>"
    case .warning: "<4>"
    }
  }
}

/// What a line of the log is about, in a word that stays the same.
enum LogEvent: String, CaseIterable, Sendable {
  case setting, started, limited, advice, ending, ended
  case reloaded
  case reloadFailed = "reload-failed"
  case redisConnected = "redis-connected"
  case redisAway = "redis-away"
  case redisUntracked = "redis-untracked"
  case redisUnidentified = "redis-unidentified"
  case redisUnanswered = "redis-unanswered"
  case clientRefused = "client-refused"
  case clientClosed = "client-closed"
  case logLost = "log-lost"
  case accessLogLost = "access-log-lost"
  case accessLogFailed = "access-log-failed"
  case accessLogRecovered = "access-log-recovered"

  /// Whether it may come again and again by itself.
  var mayRepeat: Bool {
    switch self {
    case .redisConnected, .redisAway, .redisUntracked, .redisUnidentified, .redisUnanswered,
      .clientRefused, .clientClosed, .logLost, .accessLogLost, .accessLogFailed,
      .accessLogRecovered:
      true
    case .setting, .started, .limited, .advice, .ending, .ended, .reloaded, .reloadFailed: false
    }
  }
}

/// What a line says for programs beside its message.
struct LogField: Equatable, Sendable {
  enum Value: Equatable, Sendable {
    case text(String)
    case number(Int)
  }

  let name: String
  let value: Value

  init(_ name: String, _ text: String) {
    self.name = name
    value = .text(text)
  }

  init(_ name: String, _ number: Int) {
    self.name = name
    value = .number(number)
  }
}

/// One line of the log.
struct LogLine: Equatable, Sendable {
  let level: LogLevel
  let event: LogEvent
  var message: String
  var fields: [LogField]

  init(_ level: LogLevel, _ event: LogEvent, _ message: String, _ fields: [LogField] = []) {
    self.level = level
    self.event = event
    self.message = message
    self.fields = fields
  }

  /// The same, and how much more of its kind there was.
  func repeated(_ more: Int) -> LogLine {
    if more == 0 { return self }
    var line = self
    line.message += " … and \(more) more in the last minute"
    line.fields.append(LogField("more", more))
    return line
  }

  /// Writes it with the present before it: one line, whatever it says.
  func write(_ format: LogFormat, to output: inout ByteBuffer, _ clock: inout LineClock) {
    let message = Array(message.utf8)
    switch format {
    case .text:
      output.appendDecimal(Self.processID)
      output.append(":P ")
      clock.appendNow(.local, to: &output)
      output.append(UInt8(ascii: " "))
      output.append(level.mark)
      output.append(UInt8(ascii: " "))
      output.appendPlainText(message.rawSpan, limit: Limits.logMessageBytesMax)
    case .json:
      output.append("{\"time\":\"")
      clock.appendNow(.universal, to: &output)
      output.append("\",\"level\":\"")
      output.append(Array(level.rawValue.utf8))
      output.append("\",\"message\":")
      output.appendJSONString(message.rawSpan, limit: Limits.logMessageBytesMax)
      output.append(",\"event\":\"")
      output.append(Array(event.rawValue.utf8))
      output.append(UInt8(ascii: "\""))
      for field in fields { field.write(to: &output) }
      output.append(UInt8(ascii: "}"))
    }
    output.append(UInt8(ascii: "\n"))
  }

  private static let processID = Int(getpid())
}

extension LogField {
  fileprivate func write(to output: inout ByteBuffer) {
    output.append(UInt8(ascii: ","))
    output.appendJSONString(Array(name.utf8).rawSpan)
    output.append(UInt8(ascii: ":"))
    switch value {
    case .number(let number): output.appendDecimal(number)
    case .text(let text):
      output.appendJSONString(Array(text.utf8).rawSpan, limit: Limits.logNameBytesMax)
    }
  }
}
