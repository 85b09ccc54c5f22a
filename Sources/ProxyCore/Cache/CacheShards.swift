internal import Glibc

/// Into how many shards a cache that is not small is divided: enough that two threads seldom meet.
@usableFromInline
enum CacheShards {
  /// Entries that are evicted with a shard locked once.
  @inlinable static var sliceMax: Int { 32 }

  /// 8 shards a core, at least 16 and at most 256; as the number of hash bits that choose one.
  @usableFromInline static let bits: UInt64 = {
    let cores = max(1, min(32, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    var bits: UInt64 = 4
    while bits < 8 && 1 &<< bits < cores &* 8 { bits += 1 }
    return bits
  }()
}
