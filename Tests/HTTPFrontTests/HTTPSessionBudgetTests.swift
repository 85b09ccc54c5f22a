import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPSessionBudgetTests {
  @Test(arguments: [1, 40, 3_000, 60_000]) func `a hit allocates nothing and takes one lock`(
    _ size: Int
  ) throws {
    guard AllocationCount.seesOptimizedCode else { return }
    let stack = try HTTPStack(loops: 1)
    let client = try stack.connect()
    let value = [UInt8](repeating: 120, count: size)
    #expect(try client.query("PUT /k", body: value).status == 204)
    for _ in 0..<100 { #expect(try client.query("GET /k").status == 200) }
    let (idle, busy) = try LoopCost.compare(stack.loops[0], stack.proxy.cache) {
      for _ in 0..<200 { _ = try client.query("GET /k") }
    }
    #expect(busy.allocations == idle.allocations)
    #expect(busy.locks - idle.locks == 200)
  }
}
