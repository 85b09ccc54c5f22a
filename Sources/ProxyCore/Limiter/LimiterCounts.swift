/// What a `ConcurrencyLimiter` is doing and has done, all read at one moment.
public struct LimiterCounts: Equatable, Sendable {
  /// How many permits there are.
  public var permits = 0
  /// Permits that are held. More than `permits` only after that was lowered.
  public var permitsInUse = 0
  /// How many callers may wait.
  public var queueLimit = 0
  /// Callers that wait for a permit.
  public var waiting = 0
  /// Permits given since the start, at once or after waiting.
  public var granted: UInt64 = 0
  /// Callers turned away since the start because the queue was full.
  public var refused: UInt64 = 0
  /// Callers whose time to wait ran out since the start.
  public var timedOut: UInt64 = 0
  /// Callers that gave up waiting since the start.
  public var cancelled: UInt64 = 0
}
