import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart where connections stay open and nothing is answered", .serialized)
struct HeartSilenceTests {
  let redis: RedisServer

  init() throws { redis = try RedisServer() }

  private static let patience = Duration.milliseconds(500)

  private func heart(
    _ port: UInt16, loops: Int = 1, news: Shared<[RedisNews]> = Shared([]),
    _ change: (inout ProxySettings) -> Void = { _ in }
  ) throws -> Heart {
    try Heart(port: port, loops: loops) { settings in
      settings.silenceMax = Self.patience
      settings.observer = { item in news.change { $0.append(item) } }
      change(&settings)
    }
  }

  @Test("a server that stands still is away until it answers, and no link is given up")
  func standstill() async throws {
    let news = Shared<[RedisNews]>([])
    let heart = try heart(redis.port, loops: 2, news: news)
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet())
    for round in 1...2 {
      redis.pause()
      async let write = heart.outcome("SET", "l", "w", worker: 1)
      async let read = heart.outcome(ofGetting: "cold \(round)")
      #expect(await eventually { !heart.proxy.isConnected })
      #expect(heart.proxy.unreadiness?.contains("no answer to anything") == true)
      // What is in memory is answered all the same.
      #expect(heart.cached("k") == "v")
      redis.resume()
      #expect(await write == .ok)
      #expect(await read == .value(nil))
      #expect(await eventually { heart.proxy.isConnected && heart.proxy.unreadiness == nil })
      let away = news.value.filter { if case .away = $0 { true } else { false } }
      #expect(away.count == round)
      #expect(news.value.last == .connected)
    }
    #expect(heart.linksLost == 0)
    #expect(await heart.isQuiet())
  }

  @Test("an idle proxy notices it too")
  func idleStandstill() async throws {
    let heart = try heart(redis.port)
    try await heart.send("SET", "k", "v")
    redis.pause()
    // The ping of an idle link is what is not answered.
    #expect(await eventually { !heart.proxy.isConnected })
    redis.resume()
    #expect(await eventually { heart.proxy.isConnected })
  }

  @Test("last known values are answered to those who wait, and to those who come then")
  func lastKnown() async throws {
    let heart = try heart(redis.port) { $0.staleIfError = .seconds(60) }
    try await heart.send("SET", "k", "v")
    #expect(try await heart.get("k") == "v")
    redis.pause()
    // The entry is not trusted any more, as after the loss of its link.
    heart.proxy.endGeneration(of: 0)
    #expect(await heart.outcome(ofGetting: "k") == .value("v"))
    #expect(heart.staleAnswers == 1)
    #expect(!heart.proxy.isConnected)
    #expect(await heart.outcome(ofGetting: "k") == .value("v"))
    #expect(heart.proxy.limiter.counts.permitsInUse == 0)
    redis.resume()
    #expect(await eventually { heart.proxy.isConnected })
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet())
  }

  @Test("links that hang while Redis answers others are given up, with one word each")
  func hangingLinks() async throws {
    let relay = try Relay(to: redis.port)
    let news = Shared<[RedisNews]>([])
    let heart = try heart(relay.port, news: news) { $0.permits = 4 }
    try await heart.send("SET", "k", "v")
    _ = try await heart.send("STRLEN", "k")
    _ = try await heart.send("EVAL", "return 1", "0")
    #expect(try await heart.get("k") == "v")
    #expect(await heart.isQuiet())
    try await Task.sleep(for: Limits.linkStableMin)
    relay.freeze()
    async let fetched = heart.outcomes(ofGetting: (0..<8).map { "cold \($0)" })
    async let read = heart.outcome("STRLEN", "k")
    async let written = heart.outcome("SET", "l", "w")
    async let script = heart.outcome("EVAL", "return 2", "0")
    // What only reads may be repeated, and what writes is answered with an error.
    #expect(await fetched == Array(repeating: .value(nil), count: 8))
    // One that is sent late, on a busy machine, takes the spare link, because the other one is held up already.
    let ended = await read
    let wasLate = ended.reason == nil
    #expect(ended.isOutcomeUnknown || wasLate, "\(ended)")
    #expect(await written.isOutcomeUnknown)
    #expect(await script.isOutcomeUnknown)
    for (words, reply) in [
      (["STRLEN", "k"], RESPValue.integer(1)), (["INCR", "n"], .integer(1)),
      (["EVAL", "return 2", "0"], .integer(2)),
    ] {
      #expect(try await heart.send([words]) == reply)
    }
    #expect(try await heart.get("k") == "v")
    let said = news.value.filter { if case .unanswered = $0 { true } else { false } }
    // On a machine that is too busy, a new link may have to be given up too.
    #expect(said.count >= (wasLate ? 3 : 4), "\(news.value)")
    #expect(await heart.isQuiet())
  }

  @Test("a link whose client Redis holds back is left alone: paused writes, a long script")
  func heldBack() async throws {
    let news = Shared<[RedisNews]>([])
    let heart = try heart(redis.port, news: news)
    let admin = try redis.connect()
    _ = try admin.query("CONFIG", "SET", "busy-reply-threshold", "100")
    try await heart.send("SET", "k", "v")
    _ = try await heart.send("EVAL", "return 1", "0")
    #expect(await heart.isQuiet())
    _ = try admin.query("CLIENT", "PAUSE", "100000", "WRITE")
    async let write = heart.outcome("SET", "k", "w")
    #expect(await eventually { heart.census.writes == 1 })
    for _ in 0..<30 {
      // Redis is heard all the time.
      _ = try await heart.send("STRLEN", "k")
      try await Task.sleep(for: Self.patience / 5)
    }
    _ = try admin.query("CLIENT", "UNPAUSE")
    #expect(await write == .ok)
    let script = "local e=redis.call('time')[1]+4 while redis.call('time')[1]+0<e do end return 7"
    async let reply = heart.outcome("EVAL", script, "0")
    #expect(await eventually { heart.count(\.calls) == 1 })
    var busy = 0
    while heart.count(\.calls) == 1 {
      if case .reply(.error(let error)) = await heart.outcome("STRLEN", "k"), error.code == "BUSY" {
        busy += 1
      }
      try await Task.sleep(for: Self.patience / 5)
    }
    #expect(busy > 0)
    #expect(await reply == .reply(.integer(7)))
    // Links that are made while Redis is busy may be lost; none was given up.
    #expect(!news.value.contains { if case .unanswered = $0 { true } else { false } })
    #expect(await heart.isQuiet())
  }

  @Test("a fetch whose readers have gone gives its permit back")
  func abandoned() async throws {
    let heart = try Heart(port: redis.port, loops: 2) { $0.permits = 2 }
    _ = try await heart.get("warm")
    #expect(await heart.isQuiet())
    redis.pause()
    for worker in 0..<2 {
      let key = heart.key(atHomeOn: 1 - worker, "cold")
      let token = Shared<UInt64>(0)
      let caller = TaskCaller()
      _ = heart.proxy.seats[worker].mailbox.send(
        .perform { worker, now in
          guard let worker else { return }
          let bytes = Array(key.utf8)
          let hash = worker.hash(bytes.rawSpan)
          let read = worker.fetch(
            bytes.rawSpan, hash: hash, database: 0, for: caller, ticket: 0, now: now)
          token.change { $0 = read }
        })
      #expect(await eventually { heart.proxy.limiter.counts.permitsInUse == 1 })
      _ = heart.proxy.seats[worker].mailbox.send(
        .perform { worker, now in worker?.abandonFetch(token.value, now: now) })
      #expect(await eventually { heart.proxy.limiter.counts.permitsInUse == 0 })
    }
    redis.resume()
    #expect(await heart.isQuiet())
  }

  @Test("no link is given up while Redis holds all clients back, and ends one's wait")
  func pausedForAll() async throws {
    let news = Shared<[RedisNews]>([])
    let heart = try heart(redis.port, news: news)
    try await heart.send("SET", "k", "v")
    #expect(try await heart.send("STRLEN", "k") == .integer(1))
    #expect(try await heart.get("k") == "v")
    let admin = try redis.connect()
    // A wait that ends in the middle of the pause is heard.
    async let blocked = heart.outcome("BLPOP", "nothing", "1.5")
    #expect(await eventually { heart.pinnedCount == 1 })
    _ = try admin.query("CLIENT", "PAUSE", "4000", "ALL")
    async let length = heart.outcome("STRLEN", "k")
    async let value = heart.outcome(ofGetting: "absent")
    #expect(await length.reason == nil)
    #expect(await value == .value(nil))
    _ = await blocked
    let said = news.value.filter { if case .unanswered = $0 { true } else { false } }
    #expect(said.isEmpty, "\(said)")
    #expect(await heart.isQuiet())
  }
}
