/// What a cache has done since it was made, and what it holds.
public struct CacheStatistics: Equatable, Sendable {
  /// Look-ups that found a value.
  public var hits: UInt64 = 0
  /// Look-ups that found none, or one that had expired.
  public var misses: UInt64 = 0
  /// Entries dropped to make room.
  public var evictions: UInt64 = 0
  /// Entries dropped because their time had come.
  public var expirations: UInt64 = 0
  /// Entries held now, expired ones that were not found yet included.
  public var entries: Int = 0
  /// What they cost together: bytes, or whatever unit the costs were given in.
  public var cost: Int = 0

  /// Nothing done and nothing held.
  public init() {}
}
