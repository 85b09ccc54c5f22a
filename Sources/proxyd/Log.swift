internal import Glibc
internal import Synchronization

/// How much is said; each level includes those after it. The names are Redis's.
enum LogLevel: String, CaseIterable, Sendable {
  case verbose, notice, warning

  fileprivate var rank: UInt8 {
    switch self {
    case .verbose: 0
    case .notice: 1
    case .warning: 2
    }
  }
}

enum LogFormat: String, CaseIterable, Sendable { case text, json }

/// What the program says while it runs: a line each on standard error, from any thread, written at once so
/// that whoever waits for it has it.
final class Log: Sendable {
  private let threshold: Atomic<UInt8>
  private let usesJSON: Atomic<Bool>

  init(level: LogLevel, format: LogFormat) {
    threshold = Atomic(level.rank)
    usesJSON = Atomic(format == .json)
  }

  func set(level: LogLevel, format: LogFormat) {
    threshold.store(level.rank, ordering: .relaxed)
    usesJSON.store(format == .json, ordering: .relaxed)
  }

  func verbose(_ message: String) { say(.verbose, message) }
  func notice(_ message: String) { say(.notice, message) }
  func warning(_ message: String) { say(.warning, message) }

  private func say(_ level: LogLevel, _ message: String) {
    guard level.rank >= threshold.load(ordering: .relaxed) else { return }
    let line = Self.line(
      level, message, at: Self.time(), isJSON ? .json : .text)
    StandardStream.error.write(line + "\n")
  }

  private var isJSON: Bool { usesJSON.load(ordering: .relaxed) }

  /// One line, whatever the message holds.
  static func line(
    _ level: LogLevel, _ message: String, at time: String, _ format: LogFormat
  ) -> String {
    switch format {
    case .text:
      let scalars = message.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
      return "\(time) \(level) \(String(String.UnicodeScalarView(scalars)))"
    case .json:
      return "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":\"\(escaped(message))\"}"
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The present, as RFC 3339 has it: `2026-11-21T10:02:34.123Z`.
  private static func time() -> String {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    var parts = unsafe tm()
    unsafe gmtime_r(&now.tv_sec, &parts)
    func digits(_ number: some BinaryInteger, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let (year, month, day) = unsafe (parts.tm_year + 1_900, parts.tm_mon + 1, parts.tm_mday)
    let (hour, minute, second) = unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec)
    let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    let clock = "\(digits(hour, 2)):\(digits(minute, 2)):\(digits(second, 2))"
    return "\(date)T\(clock).\(digits(now.tv_nsec / 1_000_000, 3))Z"
  }
}

/// Where a program says something, without a buffer.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Nobody can be told that it failed.
  func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}
