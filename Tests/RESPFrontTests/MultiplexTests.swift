import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Many callers over one connection, as ioredis and lettuce have them.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct MultiplexTests {
  /// Of a hundred callers that each wait for their reply before they ask again, nine in ten times for a hot
  /// key, and otherwise to set another one: how many of the GETs are answered from memory.
  private func shareOfHits(ordersAll: Bool, seed: UInt64) throws -> Double {
    let server = try RedisServer()
    let relay = try Relay(to: server.port)
    let stack = try Stack(
      server, through: relay.port, settings: { _ in }, options: { $0.ordersAll = ordersAll })
    let client = try stack.connect()
    let hot = (0..<100).map { "hot-\($0)" }
    for key in hot { _ = try client.query("SET", key, "value of \(key)") }
    for key in hot { _ = try client.query("GET", key) }
    // Redis is a network away, so that something is always on its way there.
    for direction in [Relay.Direction.toTarget, .toClient] {
      relay.delay(.microseconds(500), direction)
    }
    var random = SeededGenerator(seed: seed)
    var expected: [RESPReply] = []
    var getCount = 0
    func ask() throws {
      if Int.random(in: 0..<10, using: &random) > 0 {
        let key = hot[Int.random(in: 0..<hot.count, using: &random)]
        try client.send(["GET", key])
        expected.append(.bulk("value of \(key)"))
        getCount += 1
      } else {
        try client.send(["SET", "other-\(Int.random(in: 0..<1_000, using: &random))", "x"])
        expected.append(.simple("OK"))
      }
    }
    let before = stack.proxy.cache.statistics.hits
    let callers = 100
    let total = 10_000
    for _ in 0..<callers { try ask() }
    for number in 0..<total {
      #expect(try client.receive() == expected[number])
      if expected.count < total { try ask() }
    }
    return Double(stack.proxy.cache.statistics.hits - before) / Double(getCount)
  }

  @Test func `callers that share a connection hit, whatever others of them write`() throws {
    let seed = SeededGenerator.forTest().seed
    let share = try shareOfHits(ordersAll: false, seed: seed)
    print("\((share * 1_000).rounded() / 10) % of the GETs were hits")
    #expect(share >= 0.85)
  }

  @Test func `with everything in order they pay for what is under way`() throws {
    let seed = SeededGenerator.forTest().seed
    let share = try shareOfHits(ordersAll: true, seed: seed)
    print("\((share * 1_000).rounded() / 10) % of the GETs were hits, in strict order")
    #expect(share < 0.85, "then it is not the order by keys that makes them hits")
  }
}
