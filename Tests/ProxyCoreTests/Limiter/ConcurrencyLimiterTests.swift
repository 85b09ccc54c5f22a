import TestSupport
import Testing

@testable import ProxyCore

@Suite struct ConcurrencyLimiterTests {
  struct Failure: Error, Equatable {}

  /// Yields until as many wait, which only the tasks under test can bring about.
  func untilWaiting(_ number: Int, in limiter: ConcurrencyLimiter) async {
    while limiter.counts.waiting != number { await Task.yield() }
  }

  @Test func `the body's result and its errors pass through and the permit comes back`()
    async throws
  {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 0)
    #expect(try await limiter.withPermit { limiter.counts.permitsInUse } == 1)
    await #expect(throws: Failure()) {
      try await limiter.withPermit { () throws(Failure) -> Int in throw Failure() }
    }
    #expect(limiter.counts.permitsInUse == 0)
    #expect(limiter.counts.granted == 2)
  }

  @Test func `no more bodies run at once than there are permits`() async throws {
    let limiter = ConcurrencyLimiter(permits: 3, queueLimit: 1_000)
    let running = Shared((now: 0, most: 0))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<500 {
        group.addTask {
          try await limiter.withPermit {
            running.change { running in
              running.now += 1
              running.most = max(running.most, running.now)
            }
            await Task.yield()
            running.change { $0.now -= 1 }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(running.value.most <= 3)
    #expect(limiter.counts.permitsInUse == 0)
    #expect(limiter.counts.granted == 500)
  }

  @Test func `waiters get their turn in the order in which they came`() async throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 100)
    let order = Shared<[Int]>([])
    #expect(limiter.tryAcquire())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in 0..<50 {
        group.addTask { try await limiter.withPermit { order.change { $0.append(name) } } }
        await untilWaiting(name + 1, in: limiter)
      }
      #expect(!limiter.tryAcquire())
      limiter.release()
      try await group.waitForAll()
    }
    #expect(order.value == Array(0..<50))
  }

  @Test func `one too many is refused and told the limit`() async throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 1)
    #expect(limiter.tryAcquire())
    let waiter = Task { try await limiter.withPermit { 7 } }
    await untilWaiting(1, in: limiter)
    await #expect(throws: LimiterError.queueFull(limit: 1)) { try await limiter.withPermit {} }
    limiter.release()
    #expect(try await waiter.value == 7)
    #expect(limiter.counts.refused == 1)
  }

  @Test func `who waits too long is told how long`() async throws {
    let limiter = ConcurrencyLimiter(
      permits: 1, queueLimit: 10, queueTimeout: .milliseconds(5))
    #expect(limiter.tryAcquire())
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          await #expect(throws: LimiterError.timedOut(after: .milliseconds(5))) {
            try await limiter.withPermit {}
          }
        }
      }
    }
    #expect(limiter.counts.timedOut == 8)
    limiter.release()
    #expect(try await limiter.withPermit { true })
    #expect(limiter.counts.permitsInUse == 0)
  }

  @Test func `a shorter timeout wakes earlier than a longer one that came before`() async throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 10, queueTimeout: .seconds(3_600))
    #expect(limiter.tryAcquire())
    let patient = Task { try await limiter.withPermit { 1 } }
    await untilWaiting(1, in: limiter)
    limiter.setQueue(limit: 10, timeout: .milliseconds(1))
    await #expect(throws: LimiterError.timedOut(after: .milliseconds(1))) {
      try await limiter.withPermit {}
    }
    limiter.release()
    #expect(try await patient.value == 1)
  }

  @Test func `a cancelled waiter leaves the line and no permit is lost`() async throws {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 10)
    #expect(limiter.tryAcquire())
    let first = Task { try await limiter.withPermit { 1 } }
    await untilWaiting(1, in: limiter)
    let second = Task { try await limiter.withPermit { 2 } }
    await untilWaiting(2, in: limiter)
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    limiter.release()
    #expect(try await second.value == 2)
    #expect(limiter.counts.cancelled == 1)
    #expect(limiter.tryAcquire())
  }

  @Test func `a task cancelled beforehand takes nothing`() async {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 10)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await limiter.withPermit {}
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(limiter.counts.granted == 0)
  }

  @Test(arguments: [Int.min, -1, 0])
  func `senseless arguments leave a limiter that works`(_ number: Int) async throws {
    let limiter = ConcurrencyLimiter(
      permits: number, queueLimit: number, queueTimeout: .seconds(number))
    #expect(limiter.counts.permits == 1)
    #expect(limiter.counts.queueLimit == 0)
    #expect(limiter.tryAcquire())
    await #expect(throws: LimiterError.timedOut(after: .zero)) { try await limiter.withPermit {} }
    limiter.release()
    limiter.setPermits(.max)
    limiter.setQueue(limit: .max, timeout: .seconds(Int64.max))
    #expect(limiter.counts.permits == Limits.limiterPermitsMax)
    #expect(try await limiter.withPermit { true })
  }

  @Test func `a timeout beyond the clock's end is none`() async throws {
    let limiter = ConcurrencyLimiter(
      permits: 1, queueLimit: 1, queueTimeout: .seconds(Int64.max))
    #expect(limiter.tryAcquire())
    let waiter = Task { try await limiter.withPermit { 1 } }
    await untilWaiting(1, in: limiter)
    limiter.release()
    #expect(try await waiter.value == 1)
  }

  @Test func `more permits let waiters in, fewer let nobody in until enough have ended`()
    async throws
  {
    let limiter = ConcurrencyLimiter(permits: 1, queueLimit: 10)
    #expect(limiter.tryAcquire())
    let waiters = (0..<2).map { name in Task { try await limiter.withPermit { name } } }
    await untilWaiting(2, in: limiter)
    limiter.setPermits(3)
    for (name, waiter) in waiters.enumerated() { #expect(try await waiter.value == name) }
    #expect(limiter.tryAcquire())
    limiter.setPermits(1)
    limiter.release()
    #expect(!limiter.tryAcquire())
    limiter.release()
    #expect(limiter.tryAcquire())
  }

  @Test func `an actor's body runs on the actor`() async throws {
    actor Account {
      var balance = 0
      func deposit(through limiter: ConcurrencyLimiter) async throws -> Int {
        try await limiter.withPermit {
          balance += 1
          return balance
        }
      }
    }
    let account = Account()
    let limiter = ConcurrencyLimiter(permits: 2, queueLimit: 100)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<100 { group.addTask { try await account.deposit(through: limiter) } }
      try await group.waitForAll()
    }
    #expect(await account.balance == 100)
  }

  @Test func `the alarm does not keep a limiter alive`() async {
    weak var seen: ConcurrencyLimiter?
    do {
      let limiter = ConcurrencyLimiter(
        permits: 1, queueLimit: 1, queueTimeout: .seconds(3_600))
      seen = limiter
      #expect(limiter.tryAcquire())
      let waiter = Task { [limiter] in try await limiter.withPermit {} }
      await untilWaiting(1, in: limiter)
      waiter.cancel()
      _ = await waiter.result
    }
    while seen != nil { await Task.yield() }
  }
}
