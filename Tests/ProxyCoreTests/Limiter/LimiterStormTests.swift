import TestSupport
import Testing

@testable import ProxyCore

/// Thousands of tasks that wait, are cancelled, time out and are let in, all at once. The thread
/// sanitizer makes these worth most.
@Suite struct LimiterStormTests {
  struct Ends: Sendable {
    var ran = 0
    var cancelled = 0
    var timedOut = 0
    var refused = 0
    var total: Int { ran + cancelled + timedOut + refused }
  }

  func storm(_ limiter: ConcurrencyLimiter, tasks: Int, random: inout SeededGenerator) async -> Ends
  {
    let ends = Shared(Ends())
    await withTaskGroup(of: Void.self) { group in
      var tasksAlive: [Task<Void, Never>] = []
      for _ in 0..<tasks {
        let yields = Int.random(in: 0...3, using: &random)
        let task = Task {
          do {
            try await limiter.withPermit { for _ in 0..<yields { await Task.yield() } }
            ends.change { $0.ran += 1 }
          } catch is CancellationError {
            ends.change { $0.cancelled += 1 }
          } catch LimiterError.timedOut {
            ends.change { $0.timedOut += 1 }
          } catch {
            ends.change { $0.refused += 1 }
          }
        }
        tasksAlive.append(task)
        if Int.random(in: 0..<3, using: &random) == 0,
          let victim = tasksAlive.randomElement(using: &random)
        {
          group.addTask { victim.cancel() }
        }
        if Int.random(in: 0..<200, using: &random) == 0 {
          limiter.setPermits(Int.random(in: 1...8, using: &random))
        }
      }
      for task in tasksAlive { group.addTask { await task.value } }
    }
    return ends.value
  }

  func expectRest(_ limiter: ConcurrencyLimiter, after ends: Ends, tasks: Int) {
    #expect(ends.total == tasks)
    let counts = limiter.counts
    #expect(counts.permitsInUse == 0)
    #expect(counts.waiting == 0)
    #expect(counts.granted == UInt64(ends.ran))
    #expect(counts.timedOut == UInt64(ends.timedOut))
    #expect(counts.refused == UInt64(ends.refused))
    for _ in 0..<counts.permits { #expect(limiter.tryAcquire()) }
    #expect(!limiter.tryAcquire())
  }

  @Test func `after a storm of cancellations all permits are free`() async {
    var random = SeededGenerator.forTest()
    let limiter = ConcurrencyLimiter(permits: 4, queueLimit: 10_000)
    let ends = await storm(limiter, tasks: 8_000, random: &random)
    #expect(ends.timedOut == 0)
    #expect(ends.refused == 0)
    expectRest(limiter, after: ends, tasks: 8_000)
  }

  @Test func `after a storm of timeouts and refusals all permits are free`() async {
    var random = SeededGenerator.forTest()
    let limiter = ConcurrencyLimiter(permits: 2, queueLimit: 50, queueTimeout: .microseconds(200))
    let ends = await storm(limiter, tasks: 8_000, random: &random)
    expectRest(limiter, after: ends, tasks: 8_000)
  }

  /// A loop that is told by a waker, and whose every token is cancelled, expired or granted.
  final class Mailbox: LimiterWaker {
    struct Mail: Sendable {
      let tag: UInt64
      let outcome: LimiterOutcome
    }
    let mail = Shared<[Mail]>([])
    func limiterWait(_ tag: UInt64, ended outcome: LimiterOutcome) {
      mail.change { $0.append(Mail(tag: tag, outcome: outcome)) }
    }
    func empty() -> [Mail] {
      mail.change { mail in
        defer { mail.removeAll() }
        return mail
      }
    }
  }

  /// Takes, waits, cancels, expires and releases at random; gives everything back; returns what it
  /// was given.
  func turn(_ limiter: ConcurrencyLimiter, turns: Int, random: inout SeededGenerator) -> Int {
    let mailbox = Mailbox()
    var held = 0
    var waits: [UInt64: ConcurrencyLimiter.PermitToken] = [:]
    var granted = 0
    func read() {
      for mail in mailbox.empty() {
        waits[mail.tag] = nil
        if mail.outcome == .granted {
          held += 1
          granted += 1
        }
      }
    }
    for tag in 0..<UInt64(turns) {
      switch limiter.acquire(now: .now, waker: mailbox, tag: tag) {
      case .granted:
        held += 1
        granted += 1
      case .queued(let token): waits[tag] = token
      case .refused, .timedOut: break
      }
      if Int.random(in: 0..<4, using: &random) == 0, let (tag, token) = waits.first {
        // False: the news is on its way, and the wait stays until it is read.
        if limiter.cancel(token) { waits[tag] = nil }
      }
      if Int.random(in: 0..<8, using: &random) == 0 { limiter.expire(now: .now) }
      read()
      while held > 2 || (held > 0 && Bool.random(using: &random)) {
        limiter.release()
        held -= 1
      }
    }
    while !waits.isEmpty || held > 0 {
      read()
      if held > 0 {
        limiter.release()
        held -= 1
      }
      for (tag, token) in waits where limiter.cancel(token) { waits[tag] = nil }
    }
    return granted
  }

  @Test func `loops and tasks share one limiter and leave nothing behind`() async {
    var random = SeededGenerator.forTest()
    let limiter = ConcurrencyLimiter(permits: 3, queueLimit: 20, queueTimeout: .microseconds(500))
    let generators = (0..<4).map { _ in SeededGenerator(seed: random.next()) }
    let grantedToLoops = Shared(0)
    let ends = await withTaskGroup(of: Void.self) { group in
      for generator in generators {
        group.addTask {
          var generator = generator
          let granted = turn(limiter, turns: 2_000, random: &generator)
          grantedToLoops.change { $0 += granted }
        }
      }
      return await storm(limiter, tasks: 1_000, random: &random)
    }
    let counts = limiter.counts
    #expect(ends.total == 1_000)
    #expect(counts.permitsInUse == 0)
    #expect(counts.waiting == 0)
    #expect(counts.granted == UInt64(ends.ran + grantedToLoops.value))
  }
}
