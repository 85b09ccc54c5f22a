import Foundation
import ProxyCore
import TestSupport
import Testing

struct UserID: RedisArgumentConvertible {
  let number: Int
  var redisArgument: RedisArgument { "user:\(number)" }
}

@Suite struct GettingStartedTests {
  /// The article's code, in its order; the next test sees to it that it is the same.
  @Test(.enabled(if: RedisServer.isInstalled))
  func `what the article says compiles, and does what it says`() async throws {
    let server = try RedisServer()
    let url = "redis://127.0.0.1:\(server.port)"

    let redis = try await RedisClient(connectingTo: url)

    try await redis.set("name", "Ada", expiry: .seconds(3_600))
    let name = try await redis.getString("name")
    let visits = try await redis.send("INCRBY", "visits", 2).int
    #expect(name == "Ada" && visits == 2)

    let replies = try await redis.pipeline([
      ["HSET", UserID(number: 7), "name", "Ada"],
      ["HGETALL", UserID(number: 7)],
    ])
    let user = replies[1]["name"]?.string

    try await redis.transaction([
      ["DECRBY", "account:1", 10],
      ["INCRBY", "account:2", 10],
    ])
    #expect(user == "Ada")
    #expect(try await redis.getString("account:1") == "-10")

    do {
      try await redis.send("INCR", "visits")
    } catch let error as RedisError where error.isOutcomeUnknown {
      // It may have been counted or not: look before trying again.
    } catch let error as RedisError {
      print(error)
    }

    let cache = LRUCache<String, Int>(capacity: 10_000, timeToLive: .seconds(60))

    func length(of key: String) async throws -> Int {
      if let known = cache.value(for: key) { return known }
      let length = try await redis.get(key)?.count ?? 0
      cache.insert(length, for: key)
      return length
    }

    let limiter = ConcurrencyLimiter(permits: 64, queueLimit: 1_000, queueTimeout: .seconds(1))

    let total = try await limiter.withPermit {
      try await length(of: "name")
    }
    #expect(total == 3 && cache.value(for: "name") == 3)

    await redis.close()
  }

  @Test func `every piece of code in the article is in the test above`() throws {
    let here = URL(filePath: #filePath)
    var root = here
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let article = root.appending(path: "Sources/ProxyCore/ProxyCore.docc/GettingStarted.md")
    let pieces = try Self.pieces(of: String(contentsOf: article, encoding: .utf8))
    #expect(pieces.count == 7)
    let code = try Self.withoutIndentation(String(contentsOf: here, encoding: .utf8))
    for piece in pieces { #expect(code.contains(Self.withoutIndentation(piece)), "\(piece)") }
  }

  /// The blocks of code, but for the manifest's.
  private static func pieces(of article: String) -> [String] {
    article.components(separatedBy: "```").enumerated().compactMap { index, part in
      guard !index.isMultiple(of: 2), !part.contains(".package(") else { return nil }
      return String(part.drop { $0 != "\n" }.dropFirst())
    }
  }

  private static func withoutIndentation(_ text: String) -> String {
    text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
  }
}
