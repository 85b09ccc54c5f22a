import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Whatever a script answers, however deep or odd: its client gets the bytes that Redis sends, and those who
/// share the link notice nothing.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct OddReplyTests {
  /// One on the same shared link who has requests under way before and behind those of others.
  private final class Neighbour {
    private let stack: Stack
    private let connection: RESPConnection
    private var asked = 0
    private var answered = 0
    private let links: Set<String>

    init(_ stack: Stack, version: Int) throws {
      self.stack = stack
      connection = try stack.connect()
      _ = try connection.query("HELLO", "\(version)")
      #expect(try connection.query("DEL", "neighbour") == .integer(0))
      links = try Self.links(stack)
      #expect(!links.isEmpty)
    }

    /// The numbers at Redis of the links that clients share.
    private static func links(_ stack: Stack) throws -> Set<String> {
      let list = try stack.server.query("CLIENT", "LIST").text ?? ""
      let lines = list.split(separator: "\n").filter { $0.contains(" name=proxyd-shared ") }
      return Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
    }

    func ask(_ count: Int = 20) throws {
      let request = RESPConnection.encode(["INCR", "neighbour"])
      try connection.send(bytes: (0..<count).flatMap { _ in request })
      asked += count
    }

    /// Everything was answered, in order and once, and over the links that there were.
    func expectUndisturbed(_ comment: String, at place: SourceLocation = #_sourceLocation) throws {
      while answered < asked {
        answered += 1
        let reply = try connection.receive()
        #expect(reply == .integer(answered), "\(comment)", sourceLocation: place)
        if reply != .integer(answered) { throw ToolError("disturbed by \(comment)") }
      }
      let now = try Self.links(stack)
      #expect(links.isSubset(of: now), "a link was lost by \(comment)", sourceLocation: place)
    }
  }

  /// Has both answer `words` while the neighbour is busy, and compares.
  private func say(
    _ words: [String], _ client: TwinConnection, beside neighbour: Neighbour, _ comment: String
  ) throws {
    try neighbour.ask()
    try client.send(multibulk(words.map { Array($0.utf8) }))
    try neighbour.ask()
    let expected = try client.plain.frame()
    let found = try client.proxied.frame()
    #expect(
      found == expected,
      "\(comment): \(shown(Array(found.prefix(200)))), not \(shown(Array(expected.prefix(200))))")
    try neighbour.expectUndisturbed(comment)
  }

  /// Tables within tables, `ARGV[1]` levels deep.
  private static let nested: [(name: String, body: String)] = [
    ("in the only place", "t = {t}"), ("in the first place", "t = {t, 1}"),
    ("in the last place", "t = {1, t}"), ("in the middle", "t = {1, t, 'x'}"),
    ("as a map's value", "t = {map = {a = t}}"),
    ("as one of its values", "t = {map = {a = t, b = 1}}"),
    ("as a map's key", "t = {map = {[t] = 1}}"), ("as a set's member", "t = {set = {[t] = true}}"),
    ("in all of them", "t = {1, {map = {a = {set = {[t] = true}}}}, 2}"),
  ]

  @Test(arguments: [2, 3]) func `a reply may be as deep as Redis makes it`(_ version: Int) throws {
    let twin = try Twin(loops: 1)
    let client = try twin.connect()
    try client.both("HELLO \(version)")
    let neighbour = try Neighbour(twin.stack, version: version)
    for (name, body) in Self.nested {
      // Of what is deeper than Redis goes, it says so within the reply.
      for depth in [100, 129, 200, 4_000, 7_900, 20_000] {
        let script = """
          redis.setresp(\(version)); local t = {1}
          for _ = 1, tonumber(ARGV[1]) do \(body) end
          return t
          """
        let words = ["EVAL", script, "0", "\(depth)"]
        try say(words, client, beside: neighbour, "\(depth) \(name)")
      }
    }
  }

  @Test(arguments: [2, 3]) func `a line of a reply may have any length and content`(
    _ version: Int
  ) throws {
    let twin = try Twin(loops: 1)
    let client = try twin.connect()
    try client.both("HELLO \(version)")
    let neighbour = try Neighbour(twin.stack, version: version)
    let long = "string.rep('9', 2000000)"
    let values = [
      "{ok = \(long)}", "{err = \(long)}", "{big_number = \(long)}", "\(long)",
      "{verbatim_string = {format = 'mkd', string = \(long)}}", "{{ok = \(long)}, {err = \(long)}}",
      "{ok = ''}", "{err = ''}", "{big_number = ''}", "{big_number = 'none'}", "{big_number = '-'}",
      "{big_number = '1\\r\\n+2\\0003'}", "{ok = 'a\\r\\nb\\rc\\nd'}", "{err = 'a\\r\\nb\\rc\\nd'}",
      "redis.error_reply('a\\rb')", "redis.status_reply('a\\nb')",
      "{verbatim_string = {format = '', string = ''}}",
      "{verbatim_string = {format = '\\r\\n\\0', string = '\\r\\n'}}",
      "{double = 1/0}", "{double = -1/0}", "{double = 0/0}", "{double = -(0/0)}",
      "{double = 1e308}",
      "{double = 5e-324}", "{double = -0.1}", "1/0", "0/0", "{1/0, 2^63, -2^63}",
      "{map = {}}", "{set = {}}", "{}", "{map = {[false] = false}}", "{set = {[false] = true}}",
      "{false, true, {false}, function() end}", "{map = 3}", "{double = 'x'}", "{err = {}}",
    ]
    for value in values {
      try say(["EVAL", "return \(value)", "0"], client, beside: neighbour, "return \(value)")
    }
    for failure in [
      "error('a\\r\\nb')", "error({err = 'a\\r\\nb'})", "x['a\\r\\nb'].y = 1", "local 'a\\r\\nb'",
    ] {
      try say(["EVAL", failure, "0"], client, beside: neighbour, failure)
    }
  }

  /// A script's value of any kind, as Lua says it.
  private static func randomValue(_ depth: Int, _ random: inout SeededGenerator) -> String {
    func text(_ random: inout SeededGenerator) -> String {
      let parts = ["a", "\\r", "\\n", "\\r\\n", "\\0", "\\255", "+OK", "0", "$-1\\r\\n", " ", "*1"]
      let count = Int.random(in: 0...6, using: &random)
      let word = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      let times =
        Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 0...9_999, using: &random) : 1
      return "string.rep('\(word)', \(times))"
    }
    func values(_ random: inout SeededGenerator) -> [String] {
      let count = Int.random(in: 0...4, using: &random)
      return (0..<count).map { _ in randomValue(depth - 1, &random) }
    }
    switch Int.random(in: 0..<(depth > 0 ? 15 : 9), using: &random) {
    case 0: return "\(Int(truncatingIfNeeded: random.next() >> 20) - 1 << 40)"
    case 1: return text(&random)
    case 2: return Bool.random(using: &random) ? "true" : "false"
    case 3: return "{ok = \(text(&random))}"
    case 4: return "{err = \(text(&random))}"
    case 5: return "{big_number = \(text(&random))}"
    case 6: return "{verbatim_string = {format = \(text(&random)), string = \(text(&random))}}"
    case 7:
      let numbers = ["1/0", "-1/0", "0/0", "0.1", "1e300", "-5e-324", "3", "2^70"]
      return "{double = \(numbers.randomElement(using: &random) ?? "0")}"
    case 8: return "function() end"
    case 9:
      // Keys that both servers go through in the same order, which tables are only alone.
      let pairs = values(&random).enumerated().map { place, value in
        "[\(place % 2 == 0 ? "\(place)" : "'k\(place)'")] = \(value)"
      }
      return "{map = {\(pairs.joined(separator: ", "))}}"
    case 10:
      return "{map = {[\(randomValue(depth - 1, &random))] = \(randomValue(depth - 1, &random))}}"
    case 11: return "{set = {[\(randomValue(depth - 1, &random))] = true}}"
    case 12:
      let levels = Int.random(in: 1...300, using: &random)
      let inner = randomValue(depth - 1, &random)
      return "(function() local t = \(inner) for _ = 1, \(levels) do t = {t, 1} end return t end)()"
    default: return "{\(values(&random).joined(separator: ", "))}"
    }
  }

  @Test(arguments: [2, 3]) func `random replies of scripts are passed on as they are`(
    _ version: Int
  ) throws {
    let twin = try Twin(loops: 1)
    let client = try twin.connect()
    try client.both("HELLO \(version)")
    let neighbour = try Neighbour(twin.stack, version: version)
    var random = SeededGenerator.forTest()
    for _ in 0..<300 {
      let script =
        "redis.setresp(\(Int.random(in: 2...3, using: &random))); "
        + "return \(Self.randomValue(5, &random))"
      try say(["EVAL", script, "0"], client, beside: neighbour, String(script.prefix(500)))
    }
  }

  // MARK: Where Redis itself breaks its protocol

  /// What Redis answers with an error that has `\r\n+EVIL\r\n+y` in it, as it stands there. Redis 6 knows no
  /// such scripts.
  private static let broken: [[String]] = {
    let said = "\\r\\n+EVIL\\r\\n+y"
    let flags = "#!lua flags=\"x\(said)\"\nreturn 1"
    return [
      ["EVAL", flags, "0"], ["EVAL", "#!lua \"x\(said)\"\nreturn 1", "0"],
      ["EVAL_RO", "#!\"lua\(said)\"\nreturn 1", "0"], ["SCRIPT", "LOAD", flags],
      ["FUNCTION", "LOAD", "#!lua name=a\nlocal 'x\(said)'"],
      ["FUNCTION", "LOAD", "#!lua name=a\nredis['x\(said)']()"],
      ["FUNCTION", "LIST", "x\r\n+EVIL\r\n+y"],
      ["EVAL", "#!lua flags=\"x\\ry\"\nreturn 1", "0"],
      ["EVAL", "#!lua flags=\"x\\r\"\nreturn 1", "0"],
    ]
  }()

  @Test(arguments: [2, 3]) func `an error with line ends in it is not read as another's reply`(
    _ version: Int
  ) throws {
    let stack = try Stack(loops: 1)
    let neighbour = try Neighbour(stack, version: version)
    for words in Self.broken {
      let name = words.joined(separator: " ")
      let client = try FrameConnection(port: stack.port)
      _ = try client.query("HELLO", "\(version)")
      try neighbour.ask()
      try client.send(multibulk(words.map { Array($0.utf8) }) + multibulk("ECHO", "next"))
      try neighbour.ask()
      let reply = try client.frame()
      #expect(reply.starts(with: Array("-ERR ".utf8)), "\(name): \(shown(reply))")
      #expect(shown(try client.frame()) == "$4␍next␍", "\(name)")
      try neighbour.expectUndisturbed(name)
    }
  }

  @Test func `nor as that of the next client on the link`() throws {
    let stack = try Stack(loops: 1)
    for words in Self.broken {
      let name = words.joined(separator: " ")
      for ending in [["EXEC"], ["WATCH", "k"]] {
        // Each time with what the proxy says to Redis before it gives the link to somebody else.
        let client = try stack.connect()
        var request =
          ending == ["EXEC"] ? [["MULTI"], words, ending] : [ending, words, ["UNWATCH"]]
        request.append(["QUIT"])
        try client.send(bytes: request.flatMap { RESPConnection.encode($0) })
        while (try? client.receive()) != nil {}
        try stack.expectIdle()
        let others = try (0..<3).map { _ in try stack.connect() }
        for other in others { #expect(try other.query("MULTI") == .simple("OK"), "\(name)") }
        for (number, other) in others.enumerated() {
          #expect(try other.query("ECHO", "\(number)") == .simple("QUEUED"), "\(name)")
        }
        for (number, other) in others.enumerated() {
          #expect(try other.query("EXEC") == .array([.bulk("\(number)")]), "\(name)")
        }
      }
    }
  }
}
