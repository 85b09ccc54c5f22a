/// Reclaims expired entries that are not read any more, a slice at a time: no shard is locked for longer than a
/// few dozen entries take, however many expire at once.
///
/// Its driver calls `work` and then again after the time that it returns. It goes through the whole
/// cache about once in `Limits.janitorRound`, and faster while it finds much.
package struct Janitor: Sendable {
  private let first: Int
  private let stride: Int
  private let shards: Int
  private var shard: Int

  /// A janitor of all shards, or of every `stride`-th from `first` on, so that several loops can share them.
  package init(of cache: ByteCache, first: Int = 0, stride: Int = 1) {
    self.first = max(0, first)
    self.stride = max(1, stride)
    let own = cache.shardCount &- self.first
    shards = own > 0 ? (own &- 1) / self.stride + 1 : 0
    shard = self.first
  }

  /// One slice of work; says after how long the next is due.
  package mutating func work(on cache: ByteCache, now: Moment) -> Duration {
    guard shards > 0 else { return Limits.janitorRound }
    let slice = cache.sweep(shard: shard, buckets: Limits.janitorSliceBuckets, now: now)
    // Where a quarter of a slice had expired there is more: go on as soon as the loop has a moment.
    if cache.hasRemains { return Limits.janitorPauseMin }
    if slice.removed * 4 > Limits.janitorSliceBuckets * HashIndex.entriesPerBucketMax {
      return Limits.janitorPauseMin
    }
    let slices = max(1, cache.bucketCount(ofShard: shard) / Limits.janitorSliceBuckets) * shards
    if slice.isLast {
      shard += stride
      if shard >= cache.shardCount { shard = first }
    }
    return max(Limits.janitorPauseMin, Limits.janitorRound / slices)
  }
}
