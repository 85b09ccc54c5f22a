internal import Glibc
internal import ProxyCore

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
