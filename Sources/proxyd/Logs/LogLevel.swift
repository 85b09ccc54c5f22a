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
