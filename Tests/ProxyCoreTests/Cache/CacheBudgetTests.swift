import AllocationCounter
import TestSupport
import Testing

@testable import ProxyCore

/// What an operation may cost, counted and not timed. In optimized builds: `make budgets`.
@Suite(.enabled(if: AllocationCount.seesOptimizedCode)) struct CacheBudgetTests {
  static let keys = (0..<2_000).map { Array("key:\($0)".utf8) }

  /// A look-up the way a front makes it.
  @inline(never)
  static func copy(_ key: [UInt8], from cache: ByteCache, to output: inout ByteBuffer) -> Bool {
    let name = unsafe key.span.bytes
    guard let hit = cache.find(name, hash: cache.hash(name), now: ByteCacheTests.start) else {
      return false
    }
    hit.append(to: &output)
    return true
  }

  @Test func `a hit or a miss in the byte cache takes one lock and allocates nothing`() {
    let cache = ByteCacheTests.small(capacity: 4_000, timeToLive: .seconds(10))
    for key in Self.keys.prefix(1_000) {
      _ = cache.insert(key, for: key, now: ByteCacheTests.start)
    }
    var output = ByteBuffer(minimumCapacity: 1 << 16)
    let locksBefore = cache.lockAcquisitions
    let before = allocation_count_of_thread()
    var found = 0
    for key in Self.keys where Self.copy(key, from: cache, to: &output) { found += 1 }
    let allocations = allocation_count_of_thread() - before
    #expect(found == 1_000)
    #expect(allocations == 0)
    #expect(cache.lockAcquisitions - locksBefore == 2_000)
  }

  @Test func `a full byte cache takes new entries without allocating`() {
    let cache = ByteCacheTests.small(capacity: 1_000)
    let value = [UInt8](repeating: 1, count: 64)
    for key in Self.keys { _ = cache.insert(value, for: key, now: ByteCacheTests.start) }
    let before = allocation_count_of_thread()
    for key in Self.keys {
      unsafe cache.insert(
        value.span.bytes, for: key.span.bytes, hash: cache.hash(key.span.bytes),
        now: ByteCacheTests.start)
    }
    #expect(allocation_count_of_thread() - before == 0)
    #expect(cache.statistics.evictions == 3_000)
  }

  @Test func `a full cache of Swift values looks up and inserts without allocating`() {
    let cache = LRUCache<Int, Int>(capacity: 1_000, timeToLive: .seconds(60))
    for key in 0..<2_000 { cache.insert(key, for: key) }
    let before = allocation_count_of_thread()
    var found = 0
    for key in 0..<2_000 where cache.value(for: key) != nil { found += 1 }
    for key in 0..<2_000 { cache.insert(key, for: key) }
    #expect(allocation_count_of_thread() - before == 0)
    #expect(found == 1_000)
  }
}
