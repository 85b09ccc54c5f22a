import TestSupport
import Testing

@testable import ProxyCore

@Suite struct RedisClientWaiterTests {
  @Test func `requests end in any order, and those before the oldest are forgotten`() {
    var random = SeededGenerator.forTest()
    var ring = WaiterRing()
    var open: Set<UInt64> = []
    var next: UInt64 = 0
    for _ in 0..<20_000 {
      if Int.random(in: 0..<5, using: &random) < 3 {
        ring.append(.gone, now: Moment(nanoseconds: Int64(next)))
        open.insert(next)
        next += 1
      }
      let number = UInt64.random(in: ring.first...max(ring.first, next + 2), using: &random)
      if open.contains(number) { #expect(ring.begun(number).nanoseconds == Int64(number)) }
      #expect((ring.end(number) != nil) == (open.remove(number) != nil))
      #expect(ring.end(number) == nil)
      #expect(ring.first == (open.min() ?? next) && ring.next == next)
    }
  }

  @Test func `a cancellation before, during and after its request is met once`() {
    let before = RequestPlace()
    #expect(before.abandon() == nil && before.isAbandoned)
    #expect(!before.take(7) && before.abandon() == nil)
    let during = RequestPlace()
    #expect(during.take(0) && !during.isAbandoned)
    #expect(during.abandon() == 0 && during.abandon() == nil)
  }
}
