/// What must hold for a key, or else it is left as it is.
public enum RedisCondition: Hashable, Sendable {
  /// There is no such key.
  case absent
  /// There is one.
  case exists
}
