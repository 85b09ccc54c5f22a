import TestSupport
import Testing

@testable import ProxyCore

/// Tables learned from samples in the shapes of several versions, and from nonsense.
@Suite struct CommandLearningTests {
  private static func status(_ text: String) -> RESPValue { .simpleString(bytes(text)) }
  private static func bulk(_ text: String) -> RESPValue { .bulkString(bytes(text)) }

  /// An entry up to the key positions, as all versions have it, and more where given.
  private static func entry(
    _ name: String, _ arity: Int, _ flags: [String], _ range: [Int], _ more: [RESPValue] = []
  ) -> RESPValue {
    .array(
      [bulk(name), .integer(arity), .array(flags.map(status))] + range.map { .integer($0) } + more)
  }

  private static func map(_ pairs: [(String, RESPValue)], _ version: RESPVersion) -> RESPValue {
    version == .three
      ? .map(pairs.map { RESPValue.Pair(key: bulk($0.0), value: $0.1) })
      : .array(pairs.flatMap { [bulk($0.0), $0.1] })
  }

  private static func keySpec(
    _ flags: [String], _ begin: (String, [(String, RESPValue)]),
    _ find: (String, [(String, RESPValue)]), _ version: RESPVersion
  ) -> RESPValue {
    let words = flags.map(status)
    return map(
      [
        ("flags", version == .three ? .set(words) : .array(words)),
        ("begin_search", map([("type", bulk(begin.0)), ("spec", map(begin.1, version))], version)),
        ("find_keys", map([("type", bulk(find.0)), ("spec", map(find.1, version))], version)),
      ], version)
  }

  private static func index(_ index: Int) -> (String, [(String, RESPValue)]) {
    ("index", [("index", .integer(index))])
  }

  private static func range(
    _ last: Int, _ step: Int, _ limit: Int
  ) -> (String, [(String, RESPValue)]) {
    let spec = [("lastkey", last), ("keystep", step), ("limit", limit)]
    return ("range", spec.map { ($0.0, .integer($0.1)) })
  }

  /// Entries of 7.0, with tips, specifications and subcommands.
  private static func entries(_ version: RESPVersion) -> [RESPValue] {
    let none = RESPValue.array([])
    let keyword: (String, [(String, RESPValue)]) = (
      "keyword", [("keyword", bulk("FROM")), ("startfrom", .integer(1))]
    )
    let count: (String, [(String, RESPValue)]) = (
      "keynum",
      [("keynumidx", .integer(0)), ("firstkey", .integer(1)), ("keystep", .integer(1))]
    )
    func modern(
      _ name: String, _ flags: [String], _ specs: [RESPValue], _ subcommands: [RESPValue] = []
    ) -> RESPValue {
      entry(name, -2, flags, [0, 0, 0], [none, none, .array(specs), .array(subcommands)])
    }
    return [
      entry("GET", 2, ["readonly", "fast"], [1, 1, 1], [none, none, none, none]),
      modern("m.read", ["readonly"], [keySpec(["RO"], index(1), range(-1, 2, 0), version)]),
      modern("m.write", ["write"], [keySpec(["OW"], index(1), range(0, 1, 0), version)]),
      modern(
        "m.from", ["readonly", "movablekeys"],
        [keySpec(["RO"], keyword, range(-1, 1, 2), version)]),
      modern(
        "m.count", ["readonly", "movablekeys"], [keySpec(["RO"], index(1), count, version)]),
      modern(
        "m.both", ["readonly"],
        [
          keySpec(["not_key"], index(1), range(0, 1, 0), version),
          keySpec(["RO"], index(2), range(0, 1, 0), version),
        ]),
      modern(
        "m.moved", ["readonly", "movablekeys"],
        [keySpec(["RO"], index(1), range(0, 1, 0), version)]),
      modern(
        "m.partly", ["readonly"],
        [keySpec(["RO", "incomplete"], index(1), range(0, 1, 0), version)]),
      modern("m.odd", ["readonly"], [keySpec(["RO"], ("unknown", []), ("unknown", []), version)]),
      modern("m.blocks", ["blocking", "readonly"], []),
      modern("m.silent", [], []),
      modern("m.group", [], [], [modern("m.group|SET", ["write"], []), modern("get", [], [])]),
    ]
  }

  private func learned(_ entries: [RESPValue]) throws -> CommandTable {
    try #require(CommandTable(learnedFrom: .array(entries)))
  }

  @Test func `a module's commands of 7 tell their keys in either version`() throws {
    for version in [RESPVersion.two, .three] {
      let table = try learned(Self.entries(version))
      #expect(table.classified("m.read a x b").transcript == "1r 3r")
      #expect(table.classified("M.WRITE a x").transcript == "1w ~")
      #expect(table.classified("m.write a x").effect == .fence, "it may write more than it says")
      #expect(table.classified("m.from x from a b 0 0").transcript == "3r 4r")
      #expect(table.classified("m.from x y").transcript == "?")
      #expect(table.classified("m.count 2 a b c").transcript == "2r 3r")
      #expect(table.classified("m.count 0 a b c").transcript == "?")
      #expect(table.classified("m.both x a").transcript == "2r")
      for line in ["m.moved a", "m.partly a", "m.odd a"] {
        #expect(table.classified(line).transcript == "?", "\(line)")
        #expect(table.classified(line).routing == .shared)
      }
      #expect(table.classified("m.blocks a").routing == .blocking)
      #expect(table.classified("m.silent a").routing == .unknown)
      #expect(table.classified("m.silent a").effect == .fence)
      #expect(table.command("m.group|set").flags == .write)
      #expect(table.command("m.group|get").isKnown)
      #expect(!table.command("m.group|del").isKnown)
      #expect(table.classified("get a").transcript == "1r")
      #expect(table.classified("hexpire k 9 FIELDS 1 f").transcript == "1w", "built in")
    }
  }

  @Test func `servers before 7 tell less and what is built in fills it up`() throws {
    let categories = RESPValue.array([Self.status("@read")])
    for more in [[], [categories]] {
      let table = try learned([
        Self.entry("set", -3, ["write", "denyoom"], [1, 1, 1], more),
        Self.entry("blpop", -3, ["write", "noscript"], [1, -2, 1], more),
        Self.entry("xgroup", -2, ["write"], [2, 2, 1], more),
        Self.entry("sinterstore", -3, ["write", "denyoom"], [1, -1, 1], more),
        Self.entry("eval", -3, ["noscript", "movablekeys"], [0, 0, 0], more),
        Self.entry("zrank", -3, ["readonly", "fast"], [1, 1, 1], more),
        Self.entry("m.get", -2, ["readonly"], [1, -1, 1], more),
        Self.entry("m.pair", -2, ["write"], [1, 2, 1], more),
        Self.entry("m.moved", -2, ["write", "movablekeys"], [1, 1, 1], more),
        Self.entry("m.none", -1, ["readonly"], [0, 0, 0], more),
      ])
      #expect(table.classified("set k v").transcript == "1w")
      #expect(table.classified("blpop a b 0").routing == .blocking)
      #expect(table.classified("blpop a b 0").transcript == "1w 2w")
      #expect(table.classified("xgroup create k g 0").transcript == "2w")
      #expect(table.classified("sinterstore d a").transcript == "1w 2r")
      #expect(table.classified("eval s 1 a").effect == .fence)
      #expect(table.classified("zrank k m withscore").transcript == "1r", "learned arity")
      #expect(table.classified("m.get a b").transcript == "1r 2r")
      #expect(table.classified("m.pair a b c").transcript == "1w 2w ~")
      #expect(table.classified("m.moved a").transcript == "?")
      #expect(table.classified("m.none").transcript == "")
    }
  }

  @Test func `a reply that is no list of commands teaches nothing`() {
    let get = Self.entry("get", 2, ["readonly"], [1, 1, 1])
    let many = [RESPValue](repeating: get, count: Limits.commandsMax + 1)
    for reply: RESPValue in [
      .error(RESPError("NOPERM no")), .null, .integer(1), Self.bulk("get"), .array([]),
      .array([.integer(1), .null, .array([])]), .array(many), .map([]),
    ] {
      #expect(CommandTable(learnedFrom: reply) == nil)
    }
  }

  @Test func `malformed entries are left out and the built-in ones stand`() throws {
    let set: [RESPValue] = [
      Self.bulk("set"), .integer(-3), .array([]), .integer(1), .integer(1), .integer(1),
    ]
    var entries = [Self.entry("m.good", 2, ["readonly"], [1, 1, 1])]
    for place in set.indices {
      for wrong: RESPValue in [.null, Self.bulk("x|y|z"), .double(1), .array([.null])] {
        var entry = set
        entry[place] = wrong
        entries.append(.array(entry))
      }
      entries.append(.array(Array(set[..<place])))
    }
    for arity in [0, Int.max, Int.min, -32768, 70000] {
      entries.append(Self.entry("set", arity, [], [1, 1, 1]))
    }
    let long = String(repeating: "x", count: Limits.commandNameBytesMax + 1)
    for name in ["", "a b", "a\u{0}", "caf\u{E9}", "set|x", "|", long] {
      entries.append(Self.entry(name, 2, ["readonly"], [1, 1, 1]))
    }
    let table = try learned(entries)
    #expect(table.count == CommandTable.builtIn.count + 1)
    #expect(table.command("set") == CommandTable.builtIn.command("set"))
    #expect(table.classified("m.good k").transcript == "1r")
  }

  @Test func `key positions that make no sense tell nothing`() throws {
    for numbers in [
      [1, 1, 0], [1, 1, -1], [-1, 1, 1], [2, 1, 1], [1, Int.max, 1], [Int.max, Int.max, 1],
      [1, Int.min, 1], [1, 1, Int.max],
    ] {
      let table = try learned([Self.entry("m.x", -1, ["readonly"], numbers)])
      #expect(table.classified("m.x a b").transcript == "?", "\(numbers)")
    }
    for range in [(0, 0, 0), (70000, 1, 0), (0, -1, 0), (-9, 1, 0), (-1, 1, 70000), (5, 1, 0)] {
      let spec = Self.keySpec(["RO"], Self.index(1), Self.range(range.0, range.1, range.2), .three)
      let more: [RESPValue] = [.array([]), .array([]), .array([spec]), .array([])]
      let table = try learned([Self.entry("m.x", -1, ["readonly"], [0, 0, 0], more)])
      #expect(table.classified("m.x a b").transcript == "?", "\(range)")
    }
  }

  @Test func `more commands than fit are not taken`() throws {
    let subcommands = (0..<Limits.commandsMax).map {
      Self.entry("s\($0)", 2, ["readonly"], [1, 1, 1])
    }
    let none = RESPValue.array([])
    let table = try learned([
      Self.entry("m.many", -2, [], [0, 0, 0], [none, none, none, .array(subcommands)])
    ])
    #expect(table.count == Limits.commandsMax)
    #expect(table.command("m.many|s0").isKnown && table.command("get").isKnown)
  }

  @Test func `no damage to a reply traps, and no table lies about GET`() {
    var generator = SeededGenerator.forTest()
    let lines = [
      "get k", "m.from x from a b", "m.count 1 a", "m.read a b c", "sort k store d",
      "m.group set x",
    ]
    for _ in 0..<300 {
      var reply = RESPValue.array(Self.entries(Bool.random(using: &generator) ? .two : .three))
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        reply = Self.damaged(reply, &generator)
      }
      guard let table = CommandTable(learnedFrom: reply) else { continue }
      for line in lines { _ = table.classified(line) }
      let get = table.classified("get k")
      #expect(get.effect == .reads && get.routing != .unknown)
    }
  }

  /// `value` with one thing in it replaced.
  private static func damaged(
    _ value: RESPValue, _ generator: inout SeededGenerator
  ) -> RESPValue {
    if case .map(var pairs) = value, !pairs.isEmpty {
      let place = Int.random(in: 0..<pairs.count, using: &generator)
      let pair = pairs[place]
      pairs[place] = RESPValue.Pair(key: pair.key, value: damaged(pair.value, &generator))
      return .map(pairs)
    }
    if var elements = value.elements, !elements.isEmpty,
      Int.random(in: 0..<10, using: &generator) > 0
    {
      let place = Int.random(in: 0..<elements.count, using: &generator)
      elements[place] = damaged(elements[place], &generator)
      return .array(elements)
    }
    let choices: [RESPValue] = [
      .null, .integer(-1), .integer(.min), .integer(.max), .integer(65535), .integer(0),
      bulk(""), bulk("index"), bulk("\u{0}\u{FF}"), .array([]), .array([.null]), .map([]),
      .double(.nan), .error(RESPError("ERR")), status("movablekeys"), .boolean(true),
    ]
    return choices.randomElement(using: &generator) ?? .null
  }
}
