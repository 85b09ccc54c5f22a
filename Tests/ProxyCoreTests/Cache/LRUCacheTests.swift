import Synchronization
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LRUCacheTests {
  @Test func `a capacity of three evicts what was used longest ago`() {
    let cache = LRUCache<String, Int>(capacity: 3)
    for (value, key) in ["a", "b", "c"].enumerated() { cache.insert(value, for: key) }
    #expect(cache.value(for: "a") == 0)
    cache.insert(3, for: "d")
    #expect(cache.value(for: "b") == nil)
    #expect(cache.value(for: "a") == 0)
    #expect(cache.value(for: "c") == 2)
    #expect(cache.value(for: "d") == 3)
    #expect(cache.statistics.evictions == 1)
  }

  @Test(arguments: [Int.min, -1, 0]) func `a capacity of nothing keeps nothing`(capacity: Int) {
    let cache = LRUCache<Int, Int>(capacity: capacity)
    #expect(!cache.insert(1, for: 1))
    #expect(cache.value(for: 1) == nil)
    #expect(cache.count == 0)
  }

  @Test func `an absurd capacity takes only the memory that is used`() {
    let cache = LRUCache<Int, Int>(capacity: .max)
    for key in 0..<10_000 { cache.insert(key, for: key) }
    #expect(cache.count == 10_000)
    #expect((0..<10_000).allSatisfy { cache.value(for: $0) == $0 })
  }

  @Test(arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
  func `a time to live that is over keeps nothing`(timeToLive: Duration) {
    let cache = LRUCache<Int, Int>(capacity: 10, timeToLive: timeToLive)
    #expect(!cache.insert(1, for: 1))
    let timeless = LRUCache<Int, Int>(capacity: 10)
    timeless.insert(1, for: 1)
    #expect(!timeless.insert(2, for: 1, timeToLive: timeToLive))
    #expect(timeless.value(for: 1) == nil, "what was there before is gone all the same")
  }

  @Test func `an endless time to live is no trap`() {
    let cache = LRUCache<Int, Int>(capacity: 10, timeToLive: .seconds(Int64.max))
    #expect(cache.insert(1, for: 1))
    #expect(cache.value(for: 1) == 1)
  }

  @Test func `an entry ends with its own time to live or the cache's, whichever is earlier`() {
    let clock = ManualClock()
    let cache = LRUCache<Int, Int>(
      capacity: 10, timeToLive: .milliseconds(100), clock: { clock.now })
    cache.insert(1, for: 1)
    cache.insert(2, for: 2, timeToLive: .milliseconds(50))
    cache.insert(3, for: 3, timeToLive: .milliseconds(500))
    clock.advance(by: .milliseconds(50))
    #expect(cache.value(for: 1) == 1)
    #expect(!cache.contains(2))
    #expect(cache.value(for: 2) == nil)
    clock.advance(by: .milliseconds(50))
    #expect(cache.value(for: 1) == nil)
    #expect(cache.value(for: 3) == nil)
    #expect(cache.statistics.expirations == 3)
  }

  @Test func `a cost over the limit is not kept, and costs evict`() {
    let cache = LRUCache<Int, Int>(capacity: 100, costLimit: 10)
    #expect(!cache.insert(0, for: 0, cost: 11))
    cache.insert(1, for: 1, cost: 4)
    cache.insert(2, for: 2, cost: 4)
    cache.insert(3, for: 3, cost: -5)
    cache.insert(4, for: 4, cost: 6)
    #expect(cache.value(for: 1) == nil)
    #expect(cache.value(for: 2) == 2)
    #expect(cache.statistics.cost == 10)
  }

  @Test func `costs that no sum could hold are refused or evicted, and no trap`() {
    let cache = LRUCache<Int, Int>(capacity: 10)
    #expect(!cache.insert(1, for: 1, cost: .max))
    let large = Int.max >> 16
    for key in 0..<10 { #expect(cache.insert(key, for: key, cost: large)) }
    #expect(cache.count == 1)
    #expect(cache.value(for: 9) == 9)
  }

  struct Crowd: Hashable {
    let number: Int
    static func == (left: Crowd, right: Crowd) -> Bool { left.number == right.number }
    func hash(into hasher: inout Hasher) { hasher.combine(number) }
    var hashValue: Int { 0 }
  }

  @Test func `a type's own bad hash value is not used`() {
    let cache = LRUCache<Crowd, Int>(capacity: 5_000)
    for number in 0..<5_000 { cache.insert(number, for: Crowd(number: number)) }
    #expect((0..<5_000).allSatisfy { cache.value(for: Crowd(number: $0)) == $0 })
  }

  @Test func `one costly entry makes many others go, itself last`() {
    for capacity in [1_000, 100_000] {
      let cache = LRUCache<Int, Int>(capacity: capacity, costLimit: 100_000)
      for key in 0..<1_000 { cache.insert(key, for: key, cost: 100) }
      #expect(cache.insert(-1, for: -1, cost: 99_950))
      #expect(cache.value(for: -1) == -1)
      #expect(cache.count == 1)
      #expect(cache.insert(-2, for: -2, cost: 60_000))
      #expect(cache.value(for: -2) == -2)
      #expect(cache.statistics.cost == 60_000)
    }
  }

  @Test func `less capacity evicts at once, also over shards`() {
    for capacity in [100, 10_000] {
      let cache = LRUCache<Int, Int>(capacity: capacity)
      for key in 0..<capacity { cache.insert(key, for: key) }
      #expect(cache.count == capacity, "nothing goes before the whole cache is full")
      cache.capacity = 3
      #expect(cache.count == 3)
      cache.insert(-1, for: -1)
      #expect(cache.count == 3)
      #expect(cache.value(for: -1) == -1, "a new entry is not what goes")
      cache.removeAll()
      #expect(cache.count == 0)
      #expect(cache.statistics.cost == 0)
    }
  }

  final class Witness: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    deinit { body() }
  }

  @Test func `a value may use the cache as it leaves it`() {
    let cache = LRUCache<Int, Witness>(capacity: 1)
    let released = Atomic<Int>(0)
    let witness = { @Sendable [weak cache] in
      cache?.removeValue(for: 99)
      released.add(1, ordering: .relaxed)
    }
    cache.insert(Witness(witness), for: 1)
    cache.insert(Witness(witness), for: 2)
    cache.insert(Witness(witness), for: 2)
    cache.removeValue(for: 2)
    cache.insert(Witness(witness), for: 3)
    cache.removeAll()
    #expect(released.load(ordering: .relaxed) == 4)
  }

  @Test func `it does what the plain model does, whatever the order of operations`() {
    var random = SeededGenerator.forTest()
    for capacity in [0, 1, 3, 50, 700] {
      let clock = ManualClock()
      let start = clock.now
      let cache = LRUCache<Int, Int>(capacity: capacity, costLimit: 500, clock: { clock.now })
      var model = NaiveCache<Int>(capacity: capacity, costMax: 500)
      for step in 0..<20_000 {
        let key = Int.random(in: 0..<max(2, capacity * 2), using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
          #expect(cache.value(for: key) == model.value(for: key))
        case 45..<85:
          let life = Int.random(in: 1...2_000, using: &random)
          let cost = Int.random(in: 0...3, using: &random)
          cache.insert(step, for: key, cost: cost, timeToLive: .milliseconds(life))
          model.insert(step, for: key, cost: cost, deadline: model.now + life)
        case 85..<92:
          #expect(cache.removeValue(for: key) == model.remove(key))
        case 92..<98:
          clock.advance(by: .milliseconds(7))
          model.now += 7
        case 98:
          cache.removeExpired()
          model.sweep()
        default:
          if Int.random(in: 0..<10, using: &random) == 0 {
            cache.removeAll()
            model.entries = []
          } else {
            let limit = Int.random(in: 0...capacity, using: &random)
            cache.capacity = limit
            model.capacity = limit
            model.evict()
          }
        }
        let statistics = cache.statistics
        #expect(statistics.entries == model.entries.count)
        #expect(statistics.cost == model.cost)
        #expect(statistics.evictions == model.evictions)
        #expect(statistics.expirations == model.expirations)
        #expect(cache.count == model.entries.count)
      }
      #expect(clock.now.milliseconds(since: start) == model.now)
    }
  }

  @Test func `threads that share it lose nothing and leak nothing`() async {
    let cache = LRUCache<Int, Int>(capacity: 2_000)
    let seed = SeededGenerator.forTest().seed
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed: seed &+ UInt64(task))
          for _ in 0..<50_000 {
            let key = Int.random(in: 0..<4_000, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<10: #expect(cache.value(for: key).map { $0 % 4_000 == key } ?? true)
            case 10..<18: cache.insert(key + 4_000 * task, for: key, cost: key % 5)
            case 18: cache.removeValue(for: key)
            default:
              if key == 0 { cache.removeAll() } else if key < 20 { cache.removeExpired() }
            }
          }
        }
      }
    }
    let statistics = cache.statistics
    #expect(statistics.entries == cache.count)
    #expect(statistics.entries <= 2_000)
    let found = (0..<4_000).filter { cache.contains($0) }
    #expect(found.count == statistics.entries)
    #expect(found.reduce(0) { $0 + $1 % 5 } == statistics.cost)
  }
}
