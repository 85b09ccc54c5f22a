/// How a request ended, in one word.
package enum AccessOutcome: Sendable {
  /// From memory.
  case hit
  /// From Redis, on behalf of this request; from Redis, on behalf of another one that had asked before.
  case miss, joined
  /// What was known last, because Redis is away.
  case stale
  /// Redis has answered, and the cache was not asked.
  case passed
  /// The proxy has answered by itself.
  case local
  /// Redis has answered with an error.
  case redisError
  /// The proxy has: it may not, makes no sense, or comes too much at once.
  case refused
  /// There was no answer of Redis's: it is away, or late.
  case error
  /// The client has gone before.
  case gone

  var name: StaticString {
    switch self {
    case .hit: "hit"
    case .miss: "miss"
    case .joined: "joined"
    case .stale: "stale"
    case .passed: "passed"
    case .local: "local"
    case .redisError: "redis-error"
    case .refused: "refused"
    case .error: "error"
    case .gone: "gone"
    }
  }
}
