/// The counters of one shard, changed under its lock.
@usableFromInline
struct ShardCounters {
  @usableFromInline var hits: UInt64 = 0
  @usableFromInline var misses: UInt64 = 0
  @usableFromInline var evictions: UInt64 = 0
  @usableFromInline var expirations: UInt64 = 0

  @inlinable
  init() {}

  @usableFromInline
  func add(to total: inout CacheStatistics) {
    total.hits &+= hits
    total.misses &+= misses
    total.evictions &+= evictions
    total.expirations &+= expirations
  }
}
