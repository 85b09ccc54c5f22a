internal import Glibc
internal import ProxyCore

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
