import TestSupport
import Testing

@testable import ProxyCore

/// What is fetched ahead is what will be read.
@Suite struct BucketPlacesTests {
  static let start = ByteCacheTests.start

  @Test(arguments: [1_000, 1_000_000])
  func `they are where the buckets are, however the cache grows and shrinks`(_ capacity: Int) {
    var random = SeededGenerator.forTest()
    let cache = ByteCache(
      capacity: capacity, bytesMax: .max, valueBytesMax: 100, timeToLive: nil, now: Self.start)
    for round in 0..<6 {
      for _ in 0..<20_000 {
        let key = [UInt8](String(Int.random(in: 0..<30_000, using: &random)).utf8)
        // More come than go, then more go than come.
        if Int.random(in: 0..<10, using: &random) < (round % 2 == 0 ? 8 : 1) {
          _ = cache.insert(key, for: key, ByteCache.Insertion(), now: Self.start)
        } else {
          _ = cache.remove(key)
        }
      }
      if round == 3 { cache.removeAll() }
      for _ in 0..<1_000 { expectPlace(of: random.next(), in: cache) }
    }
  }

  @Test func `an empty cache has its buckets where a new one begins`() {
    let cache = ByteCache(
      capacity: 10, bytesMax: .max, valueBytesMax: 100, timeToLive: nil, now: Self.start)
    for hash in 0..<100 { expectPlace(of: UInt64(hash), in: cache) }
    _ = cache.insert([1], for: [1], ByteCache.Insertion(), now: Self.start)
    cache.removeAll()
    for hash in 0..<100 { expectPlace(of: UInt64(hash), in: cache) }
  }

  /// An index whose changes are followed, and how many of its hints are right, wrong and missing.
  private struct Followed: ~Copyable {
    let places = BucketPlaces(shards: 2)
    let store = Numbers()
    var index: HashIndex
    var entries: UInt32 = 0

    init?(_ source: PageSource) {
      guard let index = HashIndex(source: source) else { return nil }
      self.index = index
      places.ofShard(1).begin(self.index)
    }

    mutating func grow(toBuckets count: UInt32) {
      while index.bucketCount < count {
        entries += 1
        let filed = index.insert(Entry(entries), hash: store.hash(Entry(entries)), store: store)
        #expect(filed)
        places.ofShard(1).follow(index)
      }
    }

    mutating func shrink(toEntries count: UInt32) {
      while entries > count {
        index.remove(Entry(entries), hash: store.hash(Entry(entries)))
        entries -= 1
        places.ofShard(1).follow(index)
      }
    }

    func hints() -> (right: Int, wrong: Int, missing: Int) {
      var (right, wrong, missing) = (0, 0, 0)
      for number in 1...entries {
        let hash = store.hash(Entry(number))
        let bucket = index.bucketNumber(hash)
        let hint = unsafe places.ofShard(1).bucket(hash)
        if unsafe hint == UnsafeRawPointer(index.primary.bucket(bucket)) {
          right += 1
        } else if unsafe hint == nil && bucket >= 63 * 256 {
          missing += 1
        } else {
          wrong += 1
        }
      }
      return (right, wrong, missing)
    }
  }

  @Test func `a shard that is larger than there are places for has hints for its beginning`() {
    guard var followed = Followed(PageSource()) else {
      Issue.record("there is no memory for an index")
      return
    }
    followed.grow(toBuckets: 64 * 256 + 100)
    let (right, wrong, missing) = followed.hints()
    #expect(right > 0 && wrong == 0 && missing > 0)
    #expect(unsafe followed.places.ofShard(0).bucket(1) == nil, "it is another shard's")
  }

  @Test func `pages that come in place of others have their own places`() {
    let source = PageSource()
    guard var followed = Followed(source) else {
      Issue.record("there is no memory for an index")
      return
    }
    followed.grow(toBuckets: 5 * 256)
    followed.shrink(toEntries: 100)
    #expect(followed.index.bucketCount < 256)
    // Somebody else has the pages now that were given back.
    for _ in 0..<8 { _ = unsafe source.take() }
    followed.grow(toBuckets: 4 * 256)
    let (right, wrong, missing) = followed.hints()
    #expect(right == Int(followed.entries) && wrong == 0 && missing == 0)
  }

  /// Entries that are nothing but their number.
  private struct Numbers: EntryStore {
    typealias Time = Void
    func links(_ entry: Entry) -> UnsafeMutablePointer<RecencyLinks> {
      preconditionFailure("nobody asks an index for an order")
    }
    func hash(_ entry: Entry) -> UInt64 { UInt64(entry.number) &* 0x9E37_79B9_7F4A_7C15 &>> 7 }
    func isExpired(_ entry: Entry, at time: Void) -> Bool { false }
  }

  private func expectPlace(of hash: UInt64, in cache: ByteCache) {
    let number = cache.shardNumber(hash)
    let found = unsafe cache.places.ofShard(number).bucket(hash)
    let shard = cache.shards[number]
    shard.acquire()
    defer { shard.release() }
    let index = unsafe shard.content.pointee.table.index.bucketNumber(hash)
    let bucket = unsafe shard.content.pointee.table.index.primary.bucket(index)
    #expect(unsafe found == UnsafeRawPointer(bucket))
    // It takes no lock.
    cache.prefetch(hash)
  }
}
