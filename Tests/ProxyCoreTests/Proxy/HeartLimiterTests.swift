import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart's permits", .serialized)
struct HeartLimiterTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  @Test("so many requests are at Redis, the next wait in order, and one too many is refused")
  func order() async throws {
    let heart = try await warmed {
      $0.permits = 2; $0.queueLimit = 5
    }
    redis.pause()
    let tasks = await inLine(heart, 7)
    #expect(heart.proxy.limiter.counts.permitsInUse == 2)
    #expect(heart.proxy.limiter.counts.waiting == 5)
    #expect(await heart.outcome("PING") == .proxy(.limiter(.queueFull(limit: 5))))
    let read = await heart.outcome(ofGetting: "cold")
    #expect(read == .proxy(.limiter(.queueFull(limit: 5))))
    redis.resume()
    for task in tasks {
      guard case .reply(.integer) = await task.value else { Issue.record(); return }
    }
    let list = try redis.query("LRANGE", "list", "0", "-1")
    #expect(list == .array((0..<7).map { .bulk("\($0)") }))
    #expect(await heart.isQuiet())
  }

  @Test("who waits for too long is told so, and those who are at Redis are not disturbed")
  func timeout() async throws {
    let patience = Duration.milliseconds(100)
    let heart = try await warmed {
      $0.permits = 2; $0.queueTimeout = patience
    }
    redis.pause()
    let tasks = await inLine(heart, 2)
    let begun = Moment.now
    async let first = heart.outcome("PING", worker: 0)
    async let second = heart.outcome(ofGetting: "cold")
    async let third = heart.outcome("PING", worker: 1)
    let expected = HeartOutcome.proxy(.limiter(.timedOut(after: patience)))
    #expect(await first == expected)
    #expect(await second == expected)
    #expect(await third == expected)
    #expect(Moment.now.since(begun) >= patience)
    redis.resume()
    for task in tasks {
      guard case .reply(.integer) = await task.value else { Issue.record(); return }
    }
    #expect(await heart.isQuiet())
  }

  @Test("a flight takes one permit, those who join it none, and hits none")
  func joiners() async throws {
    let heart = try await warmed {
      $0.permits = 1; $0.queueLimit = 0
    }
    redis.pause()
    async let readers = heart.outcomes(ofGetting: Array(repeating: "cold", count: 100))
    #expect(await eventually { heart.count(\.reads) == 100 })
    #expect(heart.proxy.limiter.counts.permitsInUse == 1)
    #expect(await heart.outcome(ofGetting: "warm") == .value("w"))
    let refused = await heart.outcome("PING")
    #expect(refused == .proxy(.limiter(.queueFull(limit: 0))))
    redis.resume()
    #expect(await readers == Array(repeating: .value(nil), count: 100))
    #expect(await heart.isQuiet())
  }

  @Test("a waiter that has gone gives its permit back and sends nothing")
  func vanished() async throws {
    let heart = try await warmed {
      $0.permits = 1; $0.queueTimeout = nil
    }
    redis.pause()
    let tasks = await inLine(heart, 4)
    tasks[1].cancel()
    tasks[2].cancel()
    #expect(await tasks[1].value == .cancelled)
    #expect(await tasks[2].value == .cancelled)
    redis.resume()
    _ = await tasks[3].value
    #expect(await heart.isQuiet())
    #expect(try redis.query("LRANGE", "list", "0", "-1") == .array([.bulk("0"), .bulk("3")]))
  }

  @Test("readers of a key that is being written share a permit of their own")
  func direct() async throws {
    let heart = try await warmed {
      $0.permits = 2; $0.queueTimeout = nil
    }
    redis.pause()
    async let write = heart.outcome("SET", "warm", "x")
    #expect(await eventually { heart.proxy.limiter.counts.permitsInUse == 1 })
    async let reads = heart.outcomes(ofGetting: ["warm", "warm", "warm"])
    #expect(await eventually { heart.count(\.reads) == 3 })
    #expect(await eventually { heart.proxy.limiter.counts.permitsInUse == 2 })
    #expect(heart.proxy.limiter.counts.waiting == 0)
    redis.resume()
    #expect(await write == .ok)
    #expect(await reads.allSatisfy { $0 == .value("x") || $0 == .value("w") })
    #expect(await heart.isQuiet())
  }

  @Test("blocking commands take none")
  func blocking() async throws {
    let heart = try await warmed { $0.permits = 1 }
    async let blocked = heart.outcome("BLPOP", "queue", "0")
    #expect(await eventually { heart.count(\.pinned) == 1 })
    #expect(heart.proxy.limiter.counts.permitsInUse == 0)
    #expect(await heart.outcome("LPUSH", "queue", "x") == .reply(.integer(1)))
    guard case .reply(.array) = await blocked else {
      Issue.record("nothing was popped")
      return
    }
    #expect(await heart.isQuiet())
  }

  @Test("the end of a proxy is told to all: in line, in flight, on another worker")
  func closed() async throws {
    let heart = try await warmed {
      $0.permits = 1; $0.queueTimeout = nil
    }
    redis.pause()
    let tasks = await inLine(heart, 3)
    async let here = heart.outcome(ofGetting: heart.key(atHomeOn: 0, "cold"))
    async let there = heart.fetch(heart.key(atHomeOn: 1, "cold"), worker: 0)
    async let pinned = heart.outcome("BLPOP", "queue", "0")
    #expect(await eventually { heart.count(\.reads) == 2 && heart.count(\.pinned) == 1 })
    heart.proxy.close()
    for task in tasks {
      guard case .proxy = await task.value else {
        Issue.record("a request was answered")
        return
      }
    }
    #expect(await here.reason != nil)
    #expect(HeartOutcome(await there).reason != nil)
    #expect(await pinned.reason != nil)
    #expect(await heart.outcome("PING").reason == .closed)
    #expect(await heart.outcome(ofGetting: "cold").reason == .closed)
    #expect(heart.census.writes == 0 && heart.census.flights == 0)
    redis.resume()
  }

  @Test("what other loops answer after the end of a worker is dropped")
  func answersAfterTheEnd() async throws {
    let heart = try Heart(port: redis.port)
    try await heart.send("SET", "k", "v")
    let proxy = heart.proxy
    _ = heart.onWorker { worker in
      worker.requestFence(for: 0)
      worker.beginFence(now: worker.now)
      worker.findHotKeys(atMost: 1) { _, _ in Issue.record("told after the end") }
      // In the same turn, before any answer can have come.
      worker.close(now: worker.now)
      proxy.seats[0].worker = nil
    }
    // What waits in its mail is handled before this.
    #expect(heart.onWorker { _ in true } == nil)
    #expect(await heart.outcome("PING").reason == .closed)
  }

  /// A heart whose links are all there, and which has `warm` in memory.
  private func warmed(_ change: (inout ProxySettings) -> Void) async throws -> Heart {
    let heart = try Heart(port: redis.port) {
      $0.queueTimeout = .seconds(60)
      change(&$0)
    }
    _ = try redis.query("SET", "warm", "w")
    #expect(await heart.isWell())
    #expect(try await heart.get("warm") == "w")
    return heart
  }

  /// So many requests, each of which came before the next.
  private func inLine(_ heart: Heart, _ count: Int) async -> [Task<HeartOutcome, Never>] {
    var tasks: [Task<HeartOutcome, Never>] = []
    for number in 0..<count {
      tasks.append(Task { await heart.outcome("RPUSH", "list", "\(number)") })
      _ = await eventually {
        let counts = heart.proxy.limiter.counts
        return counts.permitsInUse + counts.waiting == number + 1
      }
    }
    return tasks
  }
}
