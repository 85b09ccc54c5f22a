/// When a key is to go by itself.
public enum RedisExpiry: Hashable, Sendable {
  /// After so many seconds, at least 1.
  case seconds(Int)
  /// After so many milliseconds, at least 1.
  case milliseconds(Int)
  /// At a time in seconds since the beginning of 1970. Redis knows it since 6.2.
  case atSecond(Int)
  /// At a time in milliseconds since the beginning of 1970. Redis knows it since 6.2.
  case atMillisecond(Int)
  /// When it was to go before.
  case unchanged
}
