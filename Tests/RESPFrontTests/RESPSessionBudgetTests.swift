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
    let (idle, busy) = try LoopCost.compare(stack.loops[0], stack.proxy.cache, exchange)
    #expect(busy.allocations == idle.allocations, comment)
    #expect(busy.locks - idle.locks == UInt64(rounds * depth), comment)
  }
}
