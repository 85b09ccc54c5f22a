import TestSupport
import Testing

@testable import ProxyCore

/// `SWAPDB` where the proxy does not see it: Redis pushes nothing.
@Suite("The heart and exchanged databases", .serialized)
struct HeartSwapTests {
  static let swaps: [[[String]]] = [
    [["EVAL", "return redis.call('swapdb','0','1')", "0"]],
    [["SET", "x", "1"], ["EVAL", "return redis.call('swapdb','0','1')", "0"]],
    [["EVAL", "return redis.pcall('s'..'wapdb',0,ARGV[1])", "0", "1"]],
    [["FCALL", "swap", "0"]],
  ]

  private func fill(_ redis: RedisServer, _ databases: Range<Int>) throws {
    let admin = try redis.connect()
    for database in databases {
      _ = try admin.query("SELECT", "\(database)")
      _ = try admin.query("SET", "k", "\(database)")
    }
  }

  @Test("a script that exchanges databases is seen before it is answered", arguments: swaps.indices)
  func scripts(_ number: Int) async throws {
    let redis = try RedisServer()
    let library =
      "#!lua name=l\nredis.register_function('swap',function() "
      + "return redis.call('swapdb',0,1) end)"
    _ = try redis.query("FUNCTION", "LOAD", library)
    try fill(redis, 0..<2)
    let heart = try Heart(port: redis.port, loops: 2)
    for round in 0..<10 {
      for database in 0..<2 {
        let value = try await heart.get("k", database: UInt32(database))
        #expect(value == "\((database + round) % 2)", "round \(round)")
      }
      _ = try await heart.send(Self.swaps[number], worker: round % 2)
    }
    #expect(await heart.isQuiet())
  }

  @Test("the look for exchanged databases is what shows them", arguments: [true, false])
  func rule(_ isKept: Bool) async throws {
    let redis = try RedisServer()
    try fill(redis, 0..<2)
    let heart = try Heart(port: redis.port) { settings in
      if !isKept { settings.rules.remove(.swapsSeen) }
    }
    #expect(try await heart.get("k") == "0")
    _ = try await heart.send("EVAL", "return redis.call('swapdb',0,1)", "0")
    #expect(try await heart.get("k") == (isKept ? "1" : "0"))
  }

  @Test("two that overlap, and what was read between them")
  func overlapping() async throws {
    let redis = try RedisServer()
    try fill(redis, 0..<1)
    let relay = try Relay(to: redis.port)
    let heart = try Heart(port: relay.port, loops: 1)
    let swap = ["EVAL", "return redis.call('swapdb',0,1)", "0"]
    _ = try await heart.send([["EVAL", "return 1", "0"]])
    #expect(try await heart.get("k") == "0")
    #expect(await eventually { heart.proxy.swapWatch.covers(.now) })
    for _ in 0..<3 {
      heart.proxy.cache.removeAll()
      relay.delay(.milliseconds(100), .toTarget)
      relay.delay(.milliseconds(100), .toClient)
      async let first = heart.send([swap])
      try await Task.sleep(for: .milliseconds(30))
      async let between = heart.get("k")
      try await Task.sleep(for: .milliseconds(30))
      async let second = heart.send([swap])
      _ = try await (first, between, second)
      relay.delay(.zero, .toTarget)
      relay.delay(.zero, .toClient)
      #expect(try await heart.get("k") == "0")
      #expect(try await heart.get("k") == "0")
    }
    #expect(await heart.isQuiet())
  }

  @Test("one under another name is seen as well")
  func renamed() async throws {
    let redis = try RedisServer(arguments: ["--rename-command", "SWAPDB", "EXCHANGE"])
    try fill(redis, 0..<2)
    let heart = try Heart(port: redis.port)
    for round in 0..<6 {
      #expect(try await heart.get("k") == "\(round % 2)")
      if round % 2 == 0 {
        _ = try await heart.send("EXCHANGE", "0", "1")
      } else {
        _ = try await heart.send("EVAL", "return redis.call('exchange',0,1)", "0")
      }
    }
    #expect(await heart.isQuiet())
  }

  @Test("so is one with a database that was empty, and one after the counts began again")
  func emptyAndReset() async throws {
    let redis = try RedisServer()
    try fill(redis, 0..<1)
    let heart = try Heart(port: redis.port)
    let swap = "return redis.call('swapdb',0,1)"
    let admin = try redis.connect()
    for round in 0..<6 {
      for _ in 0..<200 { _ = try admin.query("ECHO", "x") }
      _ = try await heart.send("EVAL", "return 1", "0")
      #expect(try await heart.get("k") == (round % 2 == 0 ? "0" : nil))
      _ = try admin.query("CONFIG", "RESETSTAT")
      _ = try await heart.send("EVAL", swap, "0")
    }
    #expect(await heart.isQuiet())
  }

  @Test("scripts over one database cost Redis a short question, and leave what is kept")
  func cost() async throws {
    let redis = try RedisServer()
    try fill(redis, 0..<1)
    let heart = try Heart(port: redis.port, loops: 1)
    #expect(try await heart.get("k") == "0")
    #expect(await eventually { heart.proxy.swapWatch.covers(.now) })
    let emptyings = heart.proxy.cache.emptyingCount
    for _ in 0..<20 { _ = try await heart.send("EVAL", "return 1", "0") }
    #expect(heart.cached("k") == "0")
    #expect(heart.proxy.cache.emptyingCount == emptyings)
    try fill(redis, 0..<2)
    _ = try await heart.send("EVAL", "return 1", "0")
    #expect(try await heart.get("k") == "0")
    for _ in 0..<20 { _ = try await heart.send("EVAL", "return 1", "0") }
    #expect(heart.cached("k") == "0")
  }

  @Test("what INFO says is read, and what is no such text is not")
  func reading() {
    let keyspace = Array("# Keyspace\r\ndb0:keys=1,expires=0\r\ndb12:keys=2\r\ndbx:1\r\n".utf8)
    #expect(SwapWatch.databases(in: keyspace) == [0, 12])
    #expect(SwapWatch.databases(in: []) == [])
    #expect(SwapWatch.databases(in: Array("db99999999999999999999:keys=1".utf8)) == [])
    let stats = "# Commandstats\r\ncmdstat_swapdb:calls=3,usec=1\r\ncmdstat_info:calls=4,usec=2\r\n"
    let counts = SwapWatch.counts(in: Array(stats.utf8))
    #expect(counts == SwapWatch.Counts(swaps: 3, calls: 7))
    #expect(SwapWatch.counts(in: Array("-NOPERM".utf8)) == nil)
    var watch = SwapWatch()
    #expect(!watch.covers(.now))
    #expect(watch.hasSwapped(counts))
    watch.note([0, 1], counts, executed: 0, now: .now)
    #expect(!watch.hasSwapped(SwapWatch.Counts(swaps: 3, calls: 8)))
    #expect(watch.hasSwapped(SwapWatch.Counts(swaps: 3, calls: 1)))
    #expect(watch.hasSwapped(SwapWatch.Counts(swaps: 4, calls: 8)))
    #expect(watch.hasSwapped(nil))
    #expect(!watch.isSettled(by: [0, 1], sent: 1) && !watch.isSettled(by: [0], sent: 1))
    watch.note([0], counts, executed: 0, now: .now)
    #expect(
      !watch.isSettled(by: [0], sent: 1), "after a reset, three exchanges may be three others")
    watch.note([0], SwapWatch.Counts(swaps: 0, calls: 9), executed: 7, now: .now)
    #expect(watch.isSettled(by: [0], sent: 8) && !watch.isSettled(by: [1], sent: 8))
    #expect(!watch.isSettled(by: [0], sent: 9), "two may have exchanged them, and back")
    watch.noteSettled(executed: 8)
    #expect(watch.isSettled(by: [0], sent: 9))
  }
}
