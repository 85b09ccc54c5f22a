import TestSupport
import Testing

@testable import ProxyCore

extension ByteCache {
  func insert(
    _ value: [UInt8]?, for key: [UInt8], _ insertion: Insertion = Insertion(), now: Moment
  ) -> Bool {
    let keySpan = unsafe key.span.bytes
    guard let value else {
      return insert(nil, for: keySpan, hash: hash(keySpan), insertion, now: now)
    }
    return unsafe insert(value.span.bytes, for: keySpan, hash: hash(keySpan), insertion, now: now)
  }

  /// nil: nothing known; an empty option inside: known to be absent.
  func value(for key: [UInt8], database: UInt32 = 0, now: Moment) -> [UInt8]?? {
    let keySpan = unsafe key.span.bytes
    guard let hit = find(keySpan, hash: hash(keySpan), database: database, now: now) else {
      return nil
    }
    if hit.isAbsent { return .some(nil) }
    return unsafe .some(hit.bytes.withUnsafeBytes { unsafe Array($0) })
  }

  func remove(_ key: [UInt8]) -> Bool {
    let keySpan = unsafe key.span.bytes
    return invalidate(keySpan, hash: hash(keySpan))
  }

  func sweepAll(now: Moment) {
    for shard in 0..<shardCount { while !sweep(shard: shard, buckets: 4, now: now).isLast {} }
  }
}

@Suite struct ByteCacheTests {
  static let start = Moment(nanoseconds: 1_000_000_000_000)

  static func small(
    capacity: Int = 100, bytesMax: Int = 1 << 20, valueBytesMax: Int = 1 << 16,
    timeToLive: Duration? = nil
  ) -> ByteCache {
    ByteCache(
      capacity: capacity, bytesMax: bytesMax, valueBytesMax: valueBytesMax,
      timeToLive: timeToLive, now: start)
  }

  @Test func `what it remembers of a key is its value, that it is absent, or nothing`() {
    let cache = Self.small()
    #expect(cache.insert([1, 2, 3], for: [9], now: Self.start))
    #expect(cache.insert(nil, for: [8], now: Self.start))
    #expect(cache.value(for: [9], now: Self.start) == .some([1, 2, 3]))
    #expect(cache.value(for: [8], now: Self.start) == .some(nil))
    #expect(cache.value(for: [7], now: Self.start) == nil)
  }

  @Test func `databases are apart, and a removal reaches all of them`() {
    let cache = Self.small()
    for database: UInt32 in [0, 1, 7, .max] {
      var insertion = ByteCache.Insertion()
      insertion.database = database
      #expect(cache.insert([UInt8(database & 7)], for: [1], insertion, now: Self.start))
    }
    #expect(cache.value(for: [1], database: 7, now: Self.start) == .some([7]))
    #expect(cache.value(for: [1], database: 1, now: Self.start) == .some([1]))
    #expect(cache.value(for: [1], database: 2, now: Self.start) == nil)
    #expect(cache.remove([1]))
    #expect(!cache.remove([1]))
    #expect(cache.value(for: [1], database: 7, now: Self.start) == nil)
    #expect(cache.statistics.entries == 0)
    #expect(cache.statistics.cost == 0)
  }

  @Test func `empty keys and empty values are keys and values`() {
    let cache = Self.small()
    #expect(cache.insert([], for: [], now: Self.start))
    #expect(cache.value(for: [], now: Self.start) == .some([]))
  }

  @Test func `a key or a value over its limit is not kept, nor is what it replaces`() {
    let cache = Self.small(valueBytesMax: 5_000)
    let long = [UInt8](repeating: 1, count: EntryHeader.keyBytesMax)
    #expect(cache.insert([1], for: long, now: Self.start))
    #expect(cache.value(for: long, now: Self.start) == .some([1]))
    #expect(!cache.insert([1], for: long + [1], now: Self.start))
    #expect(cache.insert([UInt8](repeating: 1, count: 5_000), for: [1], now: Self.start))
    #expect(!cache.insert([UInt8](repeating: 1, count: 5_001), for: [1], now: Self.start))
    #expect(cache.value(for: [1], now: Self.start) == nil)
  }

  @Test func `a large value is one block for all who read it, and outlives its entry`() throws {
    let cache = Self.small()
    let large = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(cache.insert(large, for: [1], now: Self.start))
    let key: [UInt8] = [1]
    let keySpan = unsafe key.span.bytes
    let found = cache.find(keySpan, hash: cache.hash(keySpan), now: Self.start)?.shared
    let block = try #require(found)
    cache.removeAll()
    cache.sweepAll(now: Self.start)
    #expect(unsafe block.bytes.withUnsafeBytes { unsafe Array($0) } == large)
  }

  @Test func `a value is text where it is UTF-8`() {
    let cache = Self.small()
    let texts: [([UInt8], Bool)] = [
      ([], true), (Array("plain".utf8), true), (Array("long enough for words: ü€𝄞".utf8), true),
      ([0xFF], false), ([0xC3], false), ([0xED, 0xA0, 0x80], false), ([0xC0, 0x80], false),
      (Array("12345678".utf8) + [0x80], false),
    ]
    for (value, isText) in texts {
      #expect(cache.insert(value, for: [1], now: Self.start))
      let key: [UInt8] = [1]
      let keySpan = unsafe key.span.bytes
      let found = cache.find(keySpan, hash: cache.hash(keySpan), now: Self.start)?.isText
      #expect(found == isText, "\(value)")
    }
  }

  @Test func `an entry ends with its key's deadline or the time to live, whichever is earlier`() {
    let cache = Self.small(timeToLive: .milliseconds(100))
    var insertion = ByteCache.Insertion()
    insertion.deadline = Self.start.advanced(by: .milliseconds(50))
    _ = cache.insert([1], for: [1], insertion, now: Self.start)
    insertion.deadline = Self.start.advanced(by: .seconds(1_000_000_000))
    _ = cache.insert([2], for: [2], insertion, now: Self.start)
    let at = { Self.start.advanced(by: .milliseconds($0)) }
    #expect(cache.value(for: [1], now: at(49)) == .some([1]))
    #expect(cache.value(for: [1], now: at(50)) == nil)
    #expect(cache.value(for: [2], now: at(99)) == .some([2]))
    cache.setTimeToLive(.milliseconds(200))
    #expect(cache.value(for: [2], now: at(150)) == .some([2]))
    cache.setTimeToLive(.milliseconds(120))
    #expect(cache.value(for: [2], now: at(150)) == nil)
    #expect(cache.statistics.expirations == 2)
  }

  @Test func `no entry is so old that its age could be mistaken`() {
    let cache = Self.small()
    _ = cache.insert([1], for: [1], now: Self.start)
    let days = { Self.start.advanced(by: .seconds(86_400 * $0)) }
    #expect(cache.value(for: [1], now: days(24)) == .some([1]))
    for day in [25, 49, 50, 75, 100, 1_000] {
      #expect(cache.value(for: [1], now: days(day)) == nil)
      _ = cache.insert([1], for: [1], now: Self.start)
    }
    #expect(
      cache.value(for: [1], now: Moment(nanoseconds: Self.start.nanoseconds - 5_000_000))
        == .some([1]), "a loop whose clock is a moment behind finds it young")
  }

  @Test(arguments: [Duration.zero, .seconds(-5), .seconds(Int64.min), .nanoseconds(1)])
  func `a time to live of nothing finds nothing`(timeToLive: Duration) {
    let cache = Self.small(timeToLive: timeToLive)
    _ = cache.insert([1], for: [1], now: Self.start)
    #expect(cache.value(for: [1], now: Self.start) == nil)
  }

  @Test(arguments: [(0, 1 << 20), (-1, 1 << 20), (100, 0), (100, -1), (.min, .min)])
  func `limits of nothing keep nothing`(capacity: Int, bytesMax: Int) {
    let cache = Self.small(capacity: capacity, bytesMax: bytesMax)
    #expect(!cache.insert([1], for: [1], now: Self.start))
    #expect(cache.statistics == CacheStatistics())
  }

  @Test func `the whole cache has one budget, of entries and of bytes`() {
    let cache = Self.small(capacity: 10_000, bytesMax: 1 << 30)
    #expect(cache.shardCount > 1)
    let key = { (number: Int) in Array("key:\(number)".utf8) }
    for number in 0..<10_000 { _ = cache.insert([1], for: key(number), now: Self.start) }
    #expect(cache.statistics.entries == 10_000, "nothing goes before the whole cache is full")
    #expect(cache.statistics.evictions == 0)
    for number in 10_000..<20_000 { _ = cache.insert([1], for: key(number), now: Self.start) }
    #expect(cache.statistics.entries == 10_000)
    #expect(cache.statistics.evictions == 10_000)
    cache.setLimits(capacity: 10_000, bytesMax: 100_000, valueBytesMax: 100_000)
    #expect(cache.statistics.cost <= 100_000)
    let big = [UInt8](repeating: 1, count: 99_000)
    #expect(cache.insert(big, for: [1], now: Self.start), "others make room in every shard")
    #expect(cache.value(for: [1], now: Self.start) == .some(big))
    #expect(cache.statistics.cost <= 100_000)
  }

  @Test func `one large value makes many small entries go, itself last`() {
    for capacity in [1_000, 100_000] {
      let cache = Self.small(capacity: capacity, bytesMax: 100_000, valueBytesMax: 90_000)
      for number in 0..<900 { _ = cache.insert([1], for: Array("\(number)".utf8), now: Self.start) }
      let large = [UInt8](repeating: 2, count: 90_000)
      #expect(cache.insert(large, for: [1], now: Self.start))
      #expect(cache.value(for: [1], now: Self.start) == .some(large))
      #expect(cache.statistics.cost <= 100_000)
      #expect(cache.statistics.entries > 1, "no more go than have to")
    }
  }

  @Test func `emptying gives everything back, and again, and again`() {
    let cache = Self.small(capacity: 100_000, bytesMax: 1 << 30)
    for round in 0..<5 {
      for number in 0..<5_000 {
        let value = [UInt8](repeating: 1, count: number)
        _ = cache.insert(value, for: Array("\(round) \(number)".utf8), now: Self.start)
      }
      #expect(cache.statistics.entries == 5_000)
      cache.removeAll()
      #expect(cache.statistics.entries == 0)
      #expect(cache.statistics.cost == 0)
    }
  }
}
