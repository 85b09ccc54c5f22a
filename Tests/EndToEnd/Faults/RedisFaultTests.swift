import Foundation
import TestSupport
import Testing

/// Redis itself, and the way to it, fail under load on both fronts: no wrong answer, no leak, and all is well
/// again by itself.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct RedisFaultTests {
  /// Has `fault` happen under load, which heals it before it returns, and looks at what is left.
  private func expectRecovery(
    _ site: FaultSite, _ name: String, load: FaultLoad = FaultLoad(), loses: Bool = true,
    _ fault: @escaping @Sendable (FaultSite) throws -> Void
  ) async throws {
    let descriptors = try site.quietDescriptors()
    let residentBefore = site.residentBytes
    var random = SeededGenerator.forTest(name)
    let verdict = try await load.verdict(on: site, seed: random.next()) { history in
      usleep(200_000)
      let links = try site.links()
      try fault(site)
      try site.recovery(from: name)
      if loses {
        // What was on its way over a link that is gone for Redis too is not executed any more.
        try poll("all links are new") { try site.links().isDisjoint(with: links) }
        history.settle()
      }
      usleep(300_000)
    }
    #expect(verdict.violations.isEmpty, "\(name): \(verdict)")
    #expect(verdict.operationCount > 100 && verdict.unknownCount < verdict.operationCount / 2)
    try site.expectNothingLeft(descriptors, hot: load.options.keys)
    #expect(site.residentBytes < residentBefore + 64 << 20)
  }

  @Test func `Redis is killed and started again`() async throws {
    let site = try FaultSite(isRelayed: false)
    try await expectRecovery(site, "Redis killed, and back after 300 ms") { site in
      site.redis.stop()
      usleep(300_000)
      try site.redis.restart()
    }
    #expect(try Statistics(of: site.proxyd).number("proxy_redis_links_lost") > 0)
    #expect(site.proxyd.log.contains(" answers\n"))
  }

  @Test func `Redis stands still and goes on`() async throws {
    let site = try FaultSite(
      ["--redis-timeout", "1", "--redis-connect-timeout", "60"], isRelayed: false)
    try await expectRecovery(site, "Redis stopped for 1500 ms", loses: false) { site in
      site.redis.pause()
      usleep(1_500_000)
      site.redis.resume()
    }
    // Nothing was given up over it.
    #expect(try Statistics(of: site.proxyd).number("proxy_redis_links_lost") == 0)
  }

  @Test func `connections to Redis are reset, over and over`() async throws {
    let site = try FaultSite()
    try await expectRecovery(site, "ten resets of all links") { site in
      for number in 0..<10 {
        site.relay.reset(number % 3 == 0 ? .toTarget : .toClient)
        site.relay.reset(number % 3 == 0 ? .toClient : .toTarget)
        usleep(50_000)
      }
    }
  }

  @Test func `the way to Redis is slow, uneven and in small pieces`() async throws {
    let site = try FaultSite()
    var load = FaultLoad()
    load.options.valueBytesMax = 20_000
    try await expectRecovery(site, "10 ms of delay, pieces of 100 bytes", load: load, loses: false)
    {
      site in
      for direction in [Relay.Direction.toClient, .toTarget] {
        site.relay.delay(.milliseconds(5), direction)
        site.relay.jitter(.milliseconds(5), direction)
        site.relay.slice(bytes: 100, direction)
      }
      usleep(1_500_000)
      for direction in [Relay.Direction.toClient, .toTarget] {
        site.relay.delay(.zero, direction)
        site.relay.jitter(.zero, direction)
        site.relay.slice(bytes: 0, direction)
      }
    }
  }

  @Test(arguments: [[Relay.Direction.toTarget, .toClient], [.toTarget], [.toClient]])
  func `what is sent to Redis, or by it, does not arrive for a while`(
    _ directions: [Relay.Direction]
  ) async throws {
    let site = try FaultSite(["--redis-timeout", "0.5"])
    let client = try site.proxyd.connect()
    #expect(try client.query("SET", "kept", "v") == .simple("OK"))
    try poll("it is in memory") {
      _ = try client.query("GET", "kept")
      return try site.redis.query("TTL", "kept") == .integer(-1)
        && Statistics(of: site.proxyd).number("proxy_cache_hits") > 0
    }
    _ = consume client
    let name = "partition for 1 s (\(directions.map { "\($0)" }.joined(separator: ", ")))"
    try await expectRecovery(site, name, loses: false) { site in
      for direction in directions { site.relay.stall(direction) }
      // What is in memory is answered all the same, and HTTP clients are told in time.
      let http = try HTTPConnection(port: site.proxyd.httpPort)
      try demand("memory answers", http.get("/kept").body == "v")
      try demand("the rest is told in time", http.get("/never-read").status == 504)
      usleep(500_000)
      for direction in directions { site.relay.resume(direction) }
    }
  }
}
