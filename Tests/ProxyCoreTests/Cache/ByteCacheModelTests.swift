import TestSupport
import Testing

@testable import ProxyCore

/// The byte cache against the plain model, and under threads.
@Suite struct ByteCacheModelTests {
  static let start = ByteCacheTests.start

  /// Sizes around every boundary: empty, in a block, the last that fits in one, elsewhere.
  static func size(_ random: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<14: Int.random(in: 0...300, using: &random)
    case 14..<18: Int.random(in: 300...4_200, using: &random)
    default: Int.random(in: 4_200...30_000, using: &random)
    }
  }

  /// Worked out apart from the cache: header, key and value in the smallest class that holds them.
  static func cost(key: Int, value: Int?) -> Int {
    let inBlock = 24 + key + (value ?? 0)
    let elsewhere = (value ?? 0) > 4_096 - 24 - 4 - key
    let block = elsewhere ? 24 + key + 8 : inBlock
    var size = (block + 7) / 8 * 8
    if size > 512 {
      var step = 64
      while size > step * 16 { step *= 2 }
      size = (size + step - 1) / step * step
    }
    return size + 10 + (elsewhere ? (value ?? 0) + 96 : 0)
  }

  @Test func `it does what the plain model does, whatever the order of operations`() {
    var random = SeededGenerator.forTest()
    for capacity in [1, 3, 40, 1_000] {
      let cache = ByteCache(
        capacity: capacity, bytesMax: 300_000, valueBytesMax: 30_000, timeToLive: .seconds(20),
        now: Self.start)
      #expect(cache.shardCount == 1)
      var model = NaiveCache<[UInt8]?>(capacity: capacity, costMax: 300_000)
      for _ in 0..<20_000 {
        let now = Self.start.advanced(by: .milliseconds(model.now))
        let number = Int.random(in: 0..<max(2, capacity * 2), using: &random)
        let key = [UInt8](repeating: UInt8(number & 255), count: 1 + number / 256)
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<450:
          #expect(cache.value(for: key, now: now) == model.value(for: number))
        case 450..<880:
          let fill = UInt8.random(in: 0...255, using: &random)
          let value: [UInt8]? =
            fill == 0 ? nil : [UInt8](repeating: fill, count: Self.size(&random))
          let life = Int.random(in: 1...30_000, using: &random)
          var insertion = ByteCache.Insertion()
          insertion.deadline = now.advanced(by: .milliseconds(life))
          _ = cache.insert(value, for: key, insertion, now: now)
          model.insert(
            value, for: number, cost: Self.cost(key: key.count, value: value?.count),
            deadline: model.now + min(life, 20_000))
        case 880..<940:
          #expect(cache.remove(key) == (model.remove(number) != nil))
        case 940..<990:
          model.now += Int.random(in: 0...500, using: &random)
        case 990..<998:
          cache.sweepAll(now: now)
          model.sweep()
        case 998:
          cache.removeAll()
          model.entries = []
        default:
          model.capacity = Int.random(in: 0...capacity, using: &random)
          model.costMax = Int.random(in: 0...300_000, using: &random)
          model.evict()
          cache.setLimits(
            capacity: model.capacity, bytesMax: model.costMax, valueBytesMax: 30_000)
        }
        let statistics = cache.statistics
        #expect(statistics.entries == model.entries.count)
        #expect(statistics.cost == model.cost)
        #expect(statistics.evictions == model.evictions)
        #expect(statistics.expirations == model.expirations)
      }
      for entry in model.entries where entry.deadline > model.now {
        let key = [UInt8](repeating: UInt8(entry.key & 255), count: 1 + entry.key / 256)
        let now = Self.start.advanced(by: .milliseconds(model.now))
        #expect(cache.value(for: key, now: now) == .some(entry.value))
      }
    }
  }

  @Test func `hundreds of thousands of keys come and go and every one is found`() {
    var random = SeededGenerator.forTest()
    let cache = ByteCache(
      capacity: 200_000, bytesMax: 1 << 30, valueBytesMax: 1_000, timeToLive: nil, now: Self.start)
    let key = { (number: Int) in Array("key:\(number)".utf8) }
    let value = { (number: Int) in [UInt8](repeating: UInt8(number & 255), count: number % 300) }
    for number in 0..<150_000 { _ = cache.insert(value(number), for: key(number), now: Self.start) }
    #expect(cache.statistics.entries == 150_000)
    var kept = Set(0..<150_000)
    for number in kept where Bool.random(using: &random) || number % 3 == 0 {
      #expect(cache.remove(key(number)))
      kept.remove(number)
    }
    #expect(cache.statistics.entries == kept.count)
    #expect(
      (0..<150_000).allSatisfy { number in
        let expected: [UInt8]?? = kept.contains(number) ? .some(value(number)) : nil
        return cache.value(for: key(number), now: Self.start) == expected
      })
    for number in kept { #expect(cache.remove(key(number))) }
    #expect(cache.statistics.cost == 0)
  }

  @Test func `threads that share it see whole values and leave the accounts in order`() async {
    let cache = ByteCache(
      capacity: 3_000, bytesMax: 2_000_000, valueBytesMax: 30_000, timeToLive: .seconds(10),
      now: Self.start)
    let seed = SeededGenerator.forTest().seed
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed: seed &+ UInt64(task))
          for step in 0..<30_000 {
            let now = Self.start.advanced(by: .milliseconds(step))
            let number = Int.random(in: 0..<5_000, using: &random)
            let key = Array("key:\(number)".utf8)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50:
              guard case .some(.some(let value)) = cache.value(for: key, now: now) else { continue }
              #expect(value.allSatisfy { $0 == UInt8(number & 255) })
            case 50..<90:
              let value = [UInt8](repeating: UInt8(number & 255), count: Self.size(&random))
              _ = cache.insert(value, for: key, now: now)
            case 90..<97: _ = cache.remove(key)
            case 97: cache.sweep(shard: step, buckets: 16, now: now)
            default: if number < 5 { cache.removeAll() }
            }
          }
        }
      }
    }
    let statistics = cache.statistics
    #expect(statistics.entries <= 3_000)
    #expect(statistics.cost <= 2_000_000)
    for number in 0..<5_000 { _ = cache.remove(Array("key:\(number)".utf8)) }
    #expect(cache.statistics.entries == 0)
    #expect(cache.statistics.cost == 0)
  }
}
