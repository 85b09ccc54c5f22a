import ProxyCore

/// A program that keeps what is slow to get near, and asks for it a few at a time.
@main
struct NearCache {
  static let cache = LRUCache<String, Int>(capacity: 3, timeToLive: .seconds(60))
  static let limiter = ConcurrencyLimiter(permits: 2, queueLimit: 100, queueTimeout: .seconds(1))

  static func main() async throws {
    let names = ["alpha", "beta", "alpha", "gamma", "delta", "alpha", "beta"]
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for name in names { group.addTask { try await length(of: name) } }
      var total = 0
      for try await length in group { total += length }
      return total
    }
    print("\(total) letters")

    let statistics = cache.statistics
    print("\(statistics.hits) hits, \(statistics.misses) misses, \(statistics.evictions) evictions")
    print(
      "\(cache.count) of \(cache.capacity) entries, \(limiter.counts.permitsInUse) permits in use")
  }

  static func length(of name: String) async throws -> Int {
    if let known = cache.value(for: name) { return known }
    return try await limiter.withPermit {
      try await Task.sleep(for: .milliseconds(1))
      cache.insert(name.count, for: name)
      return name.count
    }
  }
}
