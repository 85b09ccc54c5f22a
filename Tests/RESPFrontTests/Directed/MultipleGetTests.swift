import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// `CACHE_MGET=on`.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct MultipleGetTests {
  private func stack(
    _ server: RedisServer? = nil, loops: Int = 2,
    settings: (inout ProxySettings) -> Void = { _ in }
  ) throws -> Stack {
    try Stack(
      server ?? RedisServer(), loops: loops, settings: settings,
      options: { $0.cachesMultipleGets = true })
  }

  /// How often Redis has executed a command.
  private func calls(_ stack: Stack, _ command: String) throws -> Int {
    let text = try #require(try stack.server.query("INFO", "commandstats").text)
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(command):calls=") }
    return line.flatMap { Int($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
  }

  @Test func `the bounds of MGET hold`() { #expect(Limits.multipleGetRelationsHold) }

  @Test func `what is in memory is answered without Redis, and the rest fetched once`() throws {
    let stack = try stack()
    let clients = try (0..<4).map { _ in try stack.connect() }
    for key in ["a", "b", "c"] { _ = try stack.server.query("SET", key, "of \(key)") }
    _ = try clients[0].query("GET", "a")
    _ = try clients[1].query("GET", "other")
    _ = try stack.server.query("CONFIG", "RESETSTAT")
    stack.server.pause()
    for client in clients { try client.send(["MGET", "b", "a", "none", "c"]) }
    try poll("all wait") { stack.underWay.map(\.reads).reduce(0, +) == 12 }
    stack.server.resume()
    let expected = RESPReply.array([.bulk("of b"), .bulk("of a"), .bulk(nil), .bulk("of c")])
    for client in clients { #expect(try client.receive() == expected) }
    #expect(try calls(stack, "get") == 3)
    #expect(try calls(stack, "mget") == 0)
    stack.server.pause()
    for client in clients { #expect(try client.query("MGET", "b", "a", "none", "c") == expected) }
    #expect(
      try clients[0].query("mget", "a", "a", "a")
        == .array([.bulk("of a"), .bulk("of a"), .bulk("of a")]))
    stack.server.resume()
    let figures = try clients[0].figures()
    #expect(figures["proxy_cache_hits"] == "\(4 + 4 * 4 + 3)")
    #expect(figures["proxy_cache_misses"] == "\(2 + 4 * 3)")
    try stack.expectIdle()
  }

  @Test func `it is off unless it is asked for`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    _ = try stack.server.query("CONFIG", "RESETSTAT")
    for _ in 0..<3 { _ = try client.query("MGET", "a", "b") }
    #expect(try calls(stack, "mget") == 3)
  }

  @Test(arguments: ["2", "3"]) func `it is answered as Redis answers it`(_ version: String) throws {
    let twin = try Twin(options: { $0.cachesMultipleGets = true })
    let client = try twin.connect()
    try client.both("HELLO \(version)")
    for line in [
      "SET a 1", "RPUSH list x", "HSET hash f v", "SET empty x", "SETRANGE empty 0 y",
      "MGET a list absent hash a", "MGET", "MGET list", "MGET absent", "mget a", "MGET list hash",
      "SELECT 3", "MGET a", "SELECT 0", "MULTI", "MGET a list", "EXEC", "WATCH a", "MGET a b",
      "UNWATCH", "APPEND a 2", "MGET a a", "DEL a", "MGET a list", "DEL list", "SET list s",
      "MGET a list",
    ] {
      for _ in 0..<(line.uppercased().hasPrefix("MGET") ? 3 : 1) { try client.say(line) }
    }
    // Values and keys of any bytes.
    let strange: [UInt8] = [0, 13, 10, 255, 36]
    for words in [[Array("SET".utf8), strange, strange], [Array("MGET".utf8), strange, []]] {
      try client.send(multibulk(words))
      try client.expectSame()
    }
  }

  @Test func `a random client is answered as by Redis, whatever it pipelines`() throws {
    let twin = try Twin(
      settings: { $0.valueBytesMax = 2_000 }, options: { $0.cachesMultipleGets = true })
    var random = SeededGenerator.forTest()
    let long = String(repeating: "L", count: 3_000)
    for round in 0..<40 {
      try twin.empty()
      let client = try twin.connect()
      if round % 2 == 1 { try client.both("HELLO 3") }
      for _ in 0..<10 {
        let requests = (0..<Int.random(in: 1...25, using: &random)).map { _ in
          words(long, &random)
        }
        for request in requests { try client.send(multibulk(request.map { Array($0.utf8) })) }
        for request in requests { try client.expectSame(1, "\(request)") }
      }
    }
    try twin.stack.expectIdle()
  }

  private func words(_ long: String, _ random: inout SeededGenerator) -> [String] {
    func key() -> String { "k\(Int.random(in: 0..<6, using: &random))" }
    let value = "\(Int.random(in: 0..<1_000, using: &random))"
    return switch Int.random(in: 0..<20, using: &random) {
    case ..<9: ["MGET"] + (0..<Int.random(in: 1...7, using: &random)).map { _ in key() }
    case ..<12: ["GET", key()]
    case ..<15: ["SET", key(), value]
    case 15: ["DEL", key(), key()]
    case 16: ["SET", key(), long]
    case 17: ["EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", key(), value]
    case 18: ["LPUSH", key(), "x"]
    default: ["MSET", key(), value, key(), value]
    }
  }

  /// Clients in turn, on three loops, against a dictionary.
  @Test func `elements are what was written last, whoever wrote it`() throws {
    let stack = try stack(loops: 3) { $0.capacity = 20 }
    let clients = try (0..<6).map { _ in try stack.connect() }
    var random = SeededGenerator.forTest()
    var model: [String: String] = [:]
    for step in 0..<3_000 {
      let client = try #require(clients.randomElement(using: &random))
      let keys = (0..<Int.random(in: 1...10, using: &random)).map { _ in
        "k\(Int.random(in: 0..<40, using: &random))"
      }
      switch Int.random(in: 0..<6, using: &random) {
      case 0:
        #expect(try client.query("SET", keys[0], "\(step)") == .simple("OK"))
        model[keys[0]] = "\(step)"
      case 1:
        _ = try client.query("DEL", keys[0])
        model[keys[0]] = nil
      case 2:
        #expect(try client.query("GET", keys[0]).text == model[keys[0]])
      default:
        try client.send(["MGET"] + keys)
        let expected = keys.map { RESPReply.bulk(model[$0].map { Array($0.utf8) }) }
        #expect(try client.receive() == .array(expected))
      }
    }
    try stack.expectIdle()
  }

  @Test func `large values are right, known to be large or not`() throws {
    let stack = try stack { $0.valueBytesMax = 100_000 }
    let client = try stack.connect()
    let values = [10, 99_000, 200_000, 3_000_000].map { String(repeating: "v", count: $0) }
    for (number, value) in values.enumerated() {
      try client.send(["SET", "k\(number)", value])
      #expect(try client.receive() == .simple("OK"))
    }
    let orders = [[0, 1], [1, 2, 0], [2], [3, 3, 0, 9], [0, 9, 1, 2, 3]]
    for order in orders + orders {
      try client.send(["MGET"] + order.map { "k\($0)" })
      try client.send(["GET", "k0"])
      let expected = order.map { RESPReply.bulk($0 < 9 ? Array(values[$0].utf8) : nil) }
      #expect(try client.receive() == .array(expected))
      #expect(try client.receive().text == values[0])
    }
    try stack.expectIdle()
  }

  @Test func `what would be too much to put together Redis answers`() throws {
    let stack = try stack { $0.valueBytesMax = 1 << 20 }
    let client = try stack.connect()
    let value = [UInt8](repeating: 120, count: 1 << 20)
    let keys = (0..<12).map { "k\($0)" }
    for key in keys {
      try client.send(bytes: multibulk([Array("SET".utf8), Array(key.utf8), value]))
      #expect(try client.receive() == .simple("OK"))
    }
    // First nothing of it is in memory, then all.
    for _ in 0..<2 {
      try client.send(["MGET"] + keys)
      #expect(try client.receive() == .array(keys.map { _ in .bulk(value) }))
      for key in keys { #expect(try client.query("GET", key) == .bulk(value)) }
    }
    let many = (0...Limits.multipleGetKeysMax).map { "n\($0)" }
    _ = try stack.server.query("CONFIG", "RESETSTAT")
    try client.send(["MGET"] + many)
    #expect(try client.receive() == .array(many.map { _ in .bulk(nil) }))
    #expect(try calls(stack, "mget") == 1)
    try client.send(["MGET"] + many.dropLast())
    #expect(try client.receive() == .array(many.dropLast().map { _ in .bulk(nil) }))
    #expect(try calls(stack, "mget") == 1)
    try stack.expectIdle()
  }

  @Test func `it is an error as a whole, and nothing of it is left, while Redis is away`() throws {
    let stack = try stack(loops: 2)
    let client = try stack.connect()
    _ = try client.query("SET", "a", "1")
    _ = try client.query("GET", "a")
    stack.server.stop()
    try poll("the loss is known") { try client.figures()["proxy_redis_connected"] == "0" }
    for _ in 0..<3 {
      let reply = try client.query("MGET", "a", "b", "c")
      guard case .error(let text) = reply else {
        Issue.record("\(reply)")
        return
      }
      #expect(text.hasPrefix("ERR Redis at "))
    }
    try stack.server.restart()
    try poll("it is back") {
      try client.query("MGET", "a", "b") == .array([.bulk(nil), .bulk(nil)])
    }
    try stack.expectIdle()
  }

  @Test func `a client that leaves meanwhile leaves nothing behind`() throws {
    let stack = try stack { $0.valueBytesMax = 100 }
    _ = try stack.server.query("SET", "large", String(repeating: "x", count: 1_000))
    let other = try stack.connect()
    _ = try other.query("GET", "a")
    for round in 0..<10 {
      stack.server.pause()
      do {
        let client = try stack.connect()
        try client.send(["MGET", "x\(round)", "y\(round)", "large"])
        // From the second time on the large one is known to be so.
        try poll("it waits") { stack.underWay.map(\.reads).reduce(0, +) >= 2 }
      }
      stack.server.resume()
      try stack.expectIdle()
      #expect(try other.query("MGET", "x\(round)", "a") == .array([.bulk(nil), .bulk(nil)]))
    }
  }

  @Test func `an error other than of the type is the reply`() throws {
    let stack = try stack(loops: 1)
    let client = try stack.connect()
    _ = try client.query("GET", "open")
    _ = try stack.server.query("ACL", "SETUSER", "default", "resetkeys", "~open*")
    let text = try client.query("MGET", "open", "closed").text ?? ""
    #expect(text.hasPrefix("NOPERM "), "\(text)")
    #expect(try client.query("MGET", "open", "open2") == .array([.bulk(nil), .bulk(nil)]))
  }

  @Test func `its place among a client's commands is kept`() throws {
    let stack = try stack(loops: 2)
    let client = try stack.connect()
    _ = try stack.server.query("MSET", "hot", "h", "cold", "c")
    _ = try client.query("GET", "hot")
    _ = try client.query("GET", "other")
    let requests = [
      ["MGET", "hot", "cold"], ["SET", "hot", "h2"], ["MGET", "cold", "hot"],
      ["SET", "cold", "c2"], ["GET", "cold"], ["MGET", "hot", "cold"],
      ["CLIENT", "REPLY", "SKIP"], ["MGET", "hot", "new"], ["PING"],
    ]
    try client.send(bytes: requests.flatMap(RESPConnection.encode))
    let ok = RESPReply.simple("OK")
    let expected: [RESPReply] = [
      .array([.bulk("h"), .bulk("c")]), ok, .array([.bulk("c"), .bulk("h2")]), ok, .bulk("c2"),
      .array([.bulk("h2"), .bulk("c2")]), .simple("PONG"),
    ]
    for reply in expected { #expect(try client.receive() == reply) }
    try stack.expectIdle()
  }
}
