/// Why a `ConcurrencyLimiter` gave no permit.
public enum LimiterError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No permit was free, and as many callers waited already as may.
  case queueFull(limit: Int)
  /// No permit came free for as long as a caller may wait.
  case timedOut(after: Duration)

  /// For people: which limit it was.
  public var description: String {
    switch self {
    case .queueFull(let limit): "too many waiters: \(limit) wait for a permit already"
    case .timedOut(let wait): "no permit came free within \(wait)"
    }
  }
}
