import ProxyCore
import TestSupport
import Testing

@Suite(.enabled(if: RedisServer.isInstalled)) struct RedisClientReplyTests {
  @Test func `strings are set, read, exchanged and deleted`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    #expect(try await redis.get("name") == nil)
    #expect(try await redis.set("name", "Ada"))
    #expect(try await redis.get("name") == Array("Ada".utf8))
    #expect(try await redis.getString("name") == "Ada")
    #expect(try await redis.exchange("name", for: "Bob") == Array("Ada".utf8))
    #expect(try await redis.exchange("other", for: 7) == nil)
    #expect(try await redis.getString("other") == "7")
    try await redis.set("empty", "")
    #expect(try await redis.get("empty") == [])
    #expect(try await redis.delete("name", "other", "absent") == 2)
    #expect(try await redis.delete() == 0)
    #expect(try await redis.get("name") == nil)
  }

  @Test func `an expiry is what was asked for, and a condition decides`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    func lifetime() async throws -> Int {
      try await redis.send("PTTL", "k").int ?? 0
    }
    try await redis.set("k", "v", expiry: .seconds(1_000))
    #expect(try await (900_001...1_000_000).contains(lifetime()))
    try await redis.set("k", "v", expiry: .milliseconds(500_000))
    #expect(try await (400_001...500_000).contains(lifetime()))
    try await redis.set("k", "v2", expiry: .unchanged)
    #expect(try await (400_001...500_000).contains(lifetime()))
    try await redis.set("k", "v")
    #expect(try await lifetime() == -1)
    let now = try #require(try await redis.send("TIME")[0]?.int)
    try await redis.set("k", "v", expiry: .atSecond(now + 800))
    #expect(try await (700_001...801_000).contains(lifetime()))
    try await redis.set("k", "v", expiry: .atMillisecond(now * 1_000 + 600_000))
    #expect(try await (500_001...601_000).contains(lifetime()))

    #expect(try await !redis.set("k", "x", onlyIf: .absent))
    #expect(try await redis.getString("k") == "v")
    #expect(try await redis.set("k", "x", onlyIf: .exists))
    #expect(try await !redis.set("none", "x", onlyIf: .exists))
    #expect(try await redis.set("none", "x", expiry: .seconds(5), onlyIf: .absent))
    #expect(try await redis.exchange("nothing", for: "x", onlyIf: .exists) == nil)
    #expect(try await redis.get("nothing") == nil)
    let wrong = await ClientFixture.reason { try await redis.set("k", "v", expiry: .seconds(0)) }
    #expect(wrong == .errorReply(RESPError("ERR invalid expire time in 'set' command")))
  }

  @Test func `every type of reply comes as what it is`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    #expect(try await redis.send("PING") == .simpleString(Array("PONG".utf8)))
    #expect(try await redis.send("INCRBY", "n", 41).int == 41)
    #expect(try await redis.send("INCR", "n") == .integer(42))
    try await redis.send("RPUSH", "list", "a", "b")
    #expect(
      try await redis.send("LRANGE", "list", 0, -1)
        == .array([.bulkString([0x61]), .bulkString([0x62])]))
    try await redis.send("HSET", "hash", "field", "value")
    #expect(try await redis.send("HGETALL", "hash")["field"]?.string == "value")
    try await redis.send("SADD", "set", "one")
    #expect(try await redis.send("SMEMBERS", "set") == .set([.bulkString(Array("one".utf8))]))
    try await redis.send("ZADD", "sorted", 1.5, "m")
    #expect(try await redis.send("ZSCORE", "sorted", "m") == .double(1.5))
    #expect(try await redis.send("GET", "absent") == .null)
    #expect(try await redis.send("XREAD", "STREAMS", "stream", "0") == .null)
    guard case .verbatimString = try await redis.send("INFO", "server") else {
      Issue.record("INFO is a text in RESP3")
      return
    }
  }

  @Test func `a reply that makes no value fails its task alone`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    let link = try await redis.send("CLIENT", "ID")
    let limit = Limits.replyTreeDepthMax
    let nested = "local t = {1} for _ = 2, tonumber(ARGV[1]) do t = {t} end return t"
    let numbers = try await withThrowingTaskGroup(of: Int?.self) { group in
      for round in 0..<20 {
        for _ in 0..<10 { group.addTask { try await redis.send("INCR", "n").int } }
        group.addTask {
          let depth = round % 2 == 0 ? limit + 1 + round : 100_000
          let deep = await ClientFixture.reason { try await redis.send("EVAL", nested, 0, depth) }
          #expect(deep == .replyTooDeep(limit: limit))
          let odd = await ClientFixture.reason {
            try await redis.send("EVAL", "redis.setresp(3) return {big_number = 'none'}", 0)
          }
          guard case .protocolDefect = odd else {
            Issue.record("\(String(describing: odd))")
            return nil
          }
          return nil
        }
      }
      var numbers: [Int] = []
      for try await number in group { if let number { numbers.append(number) } }
      return numbers
    }
    #expect(numbers.sorted() == Array(1...200))
    var deepest = try await redis.send("EVAL", nested, 0, limit)
    for _ in 1..<limit { deepest = deepest[0] ?? .null }
    #expect(deepest == .array([.integer(1)]))
    let both = await ClientFixture.reason {
      try await redis.transaction([["INCR", "n"], ["EVAL", RedisArgument(nested), 0, 200]])
    }
    #expect(both == .replyTooDeep(limit: limit))
    #expect(try await redis.send("GET", "n").int == 201)
    #expect(try await redis.send("CLIENT", "ID") == link)
  }

  @Test func `an error reply is thrown, and names the server`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    try await redis.send("RPUSH", "list", "a")
    let error = RESPError("WRONGTYPE Operation against a key holding the wrong kind of value")
    #expect(await ClientFixture.reason { try await redis.get("list") } == .errorReply(error))
    #expect(
      await ClientFixture.reason { try await redis.send("INCR", "list") } == .errorReply(error))
    #expect(
      await ClientFixture.reason { try await redis.exchange("list", for: 1) } == .errorReply(error))
    do {
      try await redis.send("INCR", "list")
    } catch let error as RedisError {
      #expect(error.server == "127.0.0.1:\(server.port)" && !error.isOutcomeUnknown)
    }
    #expect(try await redis.send("LLEN", "list").int == 1)
  }

  @Test func `arguments arrive as the bytes that they are`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    let all = (0...255).map { UInt8($0) }
    try await redis.set(all, all)
    #expect(try await redis.get(all) == all)
    #expect(try await redis.get([0x0D, 0x0A]) == nil)
    func echo(_ argument: some RedisArgumentConvertible) async throws -> String? {
      try await redis.send("ECHO", argument).string
    }
    #expect(try await echo("a\r\nb\0c") == "a\r\nb\0c")
    #expect(try await echo("") == "")
    #expect(try await echo("é中👍") == "é中👍")
    #expect(try await echo(String(repeating: "long ", count: 100)).map(\.count) == 500)
    #expect(try await echo("substring".dropFirst(3)) == "string")
    #expect(try await echo("static" as StaticString) == "static")
    #expect(try await echo("x" as StaticString) == "x")
    #expect(try await echo([1, 2, 3, 0x41][3...]) == "A")
    #expect(try await echo(Int.min) == "-9223372036854775808")
    #expect(try await echo(Int64.max) == "9223372036854775807")
    #expect(try await echo(RedisArgument(UInt64.max)) == "18446744073709551615")
    #expect(try await echo(RedisArgument(UInt8(7))) == "7")
    #expect(try await echo(-0.5) == "-0.5")
    #expect(try await echo(RedisArgument("user:\(7)")) == "user:7")
  }

  @Test func `values far larger than a buffer come and go whole`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    var random = SeededGenerator.forTest()
    for size in [65_500, 65_536, 1 << 20, 20 << 20] {
      let value = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size)
      try await redis.set("big", value)
      async let string = redis.get("big")
      async let reply = redis.send("GET", "big")
      #expect(try await string == value)
      #expect(try await reply.bytes == value)
    }
    let excessive = [UInt8](repeating: 0, count: 129 << 20)
    let reason = await ClientFixture.reason { try await redis.set("big", excessive) }
    #expect(reason == .requestTooLarge(limit: 128 << 20))
    #expect(try await redis.get("big")?.count == 20 << 20)
  }

  @Test func `a pipeline's replies come in its order, errors among them`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    let commands = (0..<1_000).map { ["INCRBY", "sum", $0] as [any RedisArgumentConvertible] }
    let replies = try await redis.pipeline(commands)
    var sum = 0
    let sums = (0..<1_000).map { number in
      sum += number
      return RESPValue.integer(sum)
    }
    #expect(replies == sums)
    let mixed = try await redis.pipeline([["SET", "a", "1"], ["LPUSH", "a", "x"], ["GET", "a"]])
    #expect(mixed[0].string == "OK" && mixed[1].failure?.code == "WRONGTYPE")
    #expect(mixed[2].string == "1")
    #expect(try await redis.pipeline([[RedisArgument]]()) == [])
  }

  @Test func `a transaction is executed as a whole or not at all`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    let replies = try await redis.transaction([
      ["SET", "a", 1], ["LPUSH", "a", 2], ["INCR", "a"],
    ])
    #expect(replies.count == 3 && replies[1].failure?.code == "WRONGTYPE")
    #expect(replies[2] == .integer(2))
    let reason = await ClientFixture.reason {
      try await redis.transaction([["INCR", "a"], ["GET"], ["INCR", "a"]])
    }
    #expect(
      reason == .errorReply(RESPError("ERR wrong number of arguments for 'get' command")))
    #expect(try await redis.getString("a") == "2")
    #expect(try await redis.transaction([[RedisArgument]]()) == [])
    // Nobody comes between.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          for _ in 0..<20 {
            let replies = try await redis.transaction([["INCR", "both"], ["INCR", "both"]])
            #expect(replies[1].int == (replies[0].int ?? 0) + 1)
            #expect((replies[0].int ?? 0) % 2 == 1)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
