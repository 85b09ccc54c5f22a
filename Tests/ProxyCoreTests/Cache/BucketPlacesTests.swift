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

  @Test func `a shard that is larger than there are places for has hints for its beginning`() {
    let places = BucketPlaces(shards: 2)
    let hints = places.ofShard(1)
    guard var index = HashIndex(source: PageSource()) else {
      Issue.record("there is no memory for an index")
      return
    }
    let store = Numbers()
    var entry: UInt32 = 0
    while index.bucketCount < 64 * 256 + 100 {
      entry += 1
      let filed = index.insert(Entry(entry), hash: store.hash(Entry(entry)), store: store)
      #expect(filed)
      hints.follow(index)
    }
    var (known, unknown, wrong) = (0, 0, 0)
    for number in 1...entry {
      let hash = store.hash(Entry(number))
      let bucket = index.bucketNumber(hash)
      let found = unsafe hints.bucket(hash)
      if unsafe found == nil {
        unknown += 1
        if bucket < 63 * 256 { wrong += 1 }
      } else {
        known += 1
        if unsafe found != UnsafeRawPointer(index.primary.bucket(bucket)) { wrong += 1 }
      }
    }
    #expect(known > 0 && unknown > 0 && wrong == 0)
    #expect(unsafe places.ofShard(0).bucket(1) == nil, "nothing was said of another shard")
  }

  /// Entries that are nothing but their number.
  private struct Numbers: EntryStore {
    typealias Time = Void
    func links(_ entry: Entry) -> UnsafeMutablePointer<Links> {
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
