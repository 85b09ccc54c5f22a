import AllocationCounter
import ProxyCore
import TestSupport
import Testing

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
    // A janitor and the looking itself add a little now and then: the least of several rounds counts.
    var idle = Cost(allocations: .max, locks: .max)
    var busy = idle
    for _ in 0..<20 {
      idle = idle.least(cost(stack) {})
      busy = busy.least(
        try cost(stack) { for _ in 0..<200 { _ = try client.query("GET /k") } })
    }
    #expect(busy.allocations == idle.allocations)
    #expect(busy.locks - idle.locks == 200)
  }

  private struct Cost {
    var allocations: UInt64
    var locks: UInt64

    func least(_ other: Cost) -> Cost {
      Cost(allocations: min(allocations, other.allocations), locks: min(locks, other.locks))
    }
  }

  /// What `body` cost the loop.
  private func cost(_ stack: HTTPStack, _ body: () throws -> Void) rethrows -> Cost {
    let before = stack.loops[0].perform { _ in allocation_count_of_thread() } ?? 0
    let locksBefore = stack.proxy.cache.lockAcquisitions
    try body()
    let locks = stack.proxy.cache.lockAcquisitions - locksBefore
    let after = stack.loops[0].perform { _ in allocation_count_of_thread() } ?? 0
    return Cost(allocations: after - before, locks: locks)
  }
}
