import TestSupport
import Testing

@testable import ProxyCore

@Suite struct JanitorTests {
  @Test func `what nobody asks for is reclaimed all the same, in short slices`() {
    let cache = ByteCache(
      capacity: 50_000, bytesMax: 1 << 30, valueBytesMax: 1_000, timeToLive: .seconds(5),
      now: ByteCacheTests.start)
    for number in 0..<20_000 {
      _ = cache.insert([1], for: Array("key:\(number)".utf8), now: ByteCacheTests.start)
    }
    let clock = ManualClock(start: ByteCacheTests.start)
    var janitor = Janitor(of: cache)
    var entriesBefore = 20_000
    clock.advance(by: .seconds(5))
    while clock.now.since(ByteCacheTests.start) < .seconds(5) + Limits.janitorRound {
      clock.advance(by: janitor.work(on: cache, now: clock.now))
      let entries = cache.statistics.entries
      #expect(entriesBefore - entries <= 12 * 4 * Limits.janitorSliceBuckets)
      entriesBefore = entries
    }
    #expect(cache.statistics.entries == 0)
    #expect(cache.statistics.expirations == 20_000)
    #expect(cache.statistics.cost == 0)
  }

  @Test func `janitors that share a cache leave no shard out`() {
    for count in [1, 3, 16, 40] {
      let cache = ByteCache(
        capacity: 50_000, bytesMax: 1 << 30, valueBytesMax: 1_000, timeToLive: .seconds(5),
        now: ByteCacheTests.start)
      for number in 0..<2_000 {
        _ = cache.insert([1], for: Array("key:\(number)".utf8), now: ByteCacheTests.start)
      }
      let later = ByteCacheTests.start.advanced(by: .seconds(6))
      for first in 0..<count {
        var janitor = Janitor(of: cache, first: first, stride: count)
        for _ in 0..<2_000 { _ = janitor.work(on: cache, now: later) }
      }
      #expect(cache.statistics.entries == 0)
    }
  }

  @Test func `a cache keeps itself tidy while its task runs`() async {
    let clock = ManualClock()
    let cache = LRUCache<Int, Int>(
      capacity: 100, timeToLive: .seconds(1), clock: { clock.now })
    for key in 0..<100 { cache.insert(key, for: key) }
    clock.advance(by: .seconds(1))
    let task = Task { await cache.keepTidy(every: .zero) }
    while cache.count > 0 { await Task.yield() }
    task.cancel()
    await task.value
    #expect(cache.statistics.expirations == 100)
  }
}
