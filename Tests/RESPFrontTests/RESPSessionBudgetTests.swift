import AllocationCounter
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// What a hit costs, through the whole session: from bytes on the connection to bytes on the connection.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RESPSessionBudgetTests {
  @Test(arguments: ["2", "3"], [1, 16])
  func `a hit allocates nothing and takes one lock`(_ version: String, _ depth: Int) throws {
    guard AllocationCount.seesOptimizedCode else { return }
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    _ = try client.query("HELLO", version)
    // In the entry, beside it, or none at all. What is sent at once and is kept nowhere else stays below
    // `Limits.outputPooledBytesMax`, past which a buffer is made anew each time.
    for (key, size) in [("small", 64), ("medium", 1_500), ("large", 60_000)] {
      try client.send(["SET", key, String(repeating: "x", count: size)])
      #expect(try client.receive() == .simple("OK"))
    }
    for key in ["small", "medium", "large", "absent"] {
      try expectHitsAreFree(multibulk("GET", key), client, depth, stack, "\(key) at \(depth)")
    }
    try expectHitsAreFree(multibulk("get", "small"), client, depth, stack, "get at \(depth)")
  }

  private func expectHitsAreFree(
    _ request: [UInt8], _ client: RESPConnection, _ depth: Int, _ stack: Stack, _ comment: Comment
  ) throws {
    let rounds = 200 / depth
    let pipeline = (0..<depth).flatMap { _ in request }
    func exchange() throws {
      for _ in 0..<rounds {
        try client.send(bytes: pipeline)
        for _ in 0..<depth { _ = try client.receive() }
      }
    }
    try exchange()
    // A janitor and the looking itself add a little now and then: the least of several rounds counts.
    var idle = Cost(allocations: .max, locks: .max)
    var busy = idle
    for _ in 0..<20 {
      idle = idle.least(cost(stack) {})
      busy = busy.least(try cost(stack, exchange))
    }
    #expect(busy.allocations == idle.allocations, comment)
    #expect(busy.locks - idle.locks == UInt64(rounds * depth), comment)
  }

  private struct Cost {
    var allocations: UInt64
    var locks: UInt64

    func least(_ other: Cost) -> Cost {
      Cost(allocations: min(allocations, other.allocations), locks: min(locks, other.locks))
    }
  }

  /// What `body` cost the loop.
  private func cost(_ stack: Stack, _ body: () throws -> Void) rethrows -> Cost {
    let before = stack.loops[0].perform { _ in allocation_count_of_thread() } ?? 0
    let locksBefore = stack.proxy.cache.lockAcquisitions
    try body()
    let locks = stack.proxy.cache.lockAcquisitions - locksBefore
    let after = stack.loops[0].perform { _ in allocation_count_of_thread() } ?? 0
    return Cost(allocations: after - before, locks: locks)
  }
}
