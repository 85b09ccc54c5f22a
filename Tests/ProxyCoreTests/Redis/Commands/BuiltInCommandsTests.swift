import TestSupport
import Testing

@testable import ProxyCore

@Suite struct BuiltInCommandsTests {
  @Test func `every line of the table says something, and of another command`() {
    #expect(Limits.commandRelationsHold)
    let lines = BuiltInCommands.all.flatMap(BuiltInCommands.lines)
    let drafts = BuiltInCommands.drafts
    #expect(drafts.count == lines.count)
    #expect(Set(drafts.map(\.name)).count == drafts.count)
    #expect(drafts.count > 400 && CommandTable.builtIn.count == drafts.count)
    for draft in drafts {
      #expect(CommandTable.builtIn.command(draft.name).isKnown, "\(draft.name)")
      if let container = draft.container {
        #expect(drafts.contains { $0.name == container }, "\(draft.name)")
      }
    }
  }

  @Test func `lines that say nothing are none`() {
    for notation in ["", "1", "x1", "r", "r1:", "r1/0", "r1:2:3", "r99999", "w-1", "r1:+99999"] {
      #expect(KeySpec(notation: notation[...]) == nil, "\(notation)")
    }
    #expect(CommandFlags(letter: "z") == nil)
    #expect(CommandFlags(word: "fast") == [])
  }

  @Test func `every command wanted by name is in the table under that name`() {
    for verb in CommandVerb.allCases where verb != .other {
      #expect(CommandTable.builtIn.command(verb.rawValue).verb == verb, "\(verb)")
    }
    #expect(CommandTable.builtIn.command("set").verb == .other)
  }

  /// How these find their keys is built in, because a real server's specifications are incomplete
  /// or wrong for them: see `ArgumentRule`.
  private static let keysByRule: Set = [
    "sort", "sort_ro", "georadius", "georadiusbymember", "migrate", "xread", "xreadgroup",
  ]

  @Test func `the table agrees with a real server`() throws {
    guard let server = try CommandServer(), try server.isRedis7Point0() else { return }
    for version in [RESPVersion.two, .three] {
      var reader = CommandReplyReader(over: [])
      let reply = try #require(try server.commandReply(version))
      let isRead = reader.read(reply)
      #expect(isRead)
      #expect(reader.drafts.count > 350)
      let known = Dictionary(
        uniqueKeysWithValues: BuiltInCommands.drafts.map { ($0.name, $0) })
      for learned in reader.drafts {
        guard let built = known[learned.name] else {
          Issue.record("\(learned.name) is missing")
          continue
        }
        #expect(built.arity == learned.arity, "\(learned.name)")
        #expect(built.flags == learned.flags, "\(learned.name)")
        if Self.keysByRule.contains(learned.name) { continue }
        #expect(built.keySpecs == learned.keySpecs, "\(learned.name)")
        let isMovedByCount = learned.keySpecs.contains { $0.singleIndex == nil }
        #expect(!learned.isUntold || isMovedByCount, "\(learned.name)")
      }
    }
  }

  @Test func `what is learned from a real server says what is built in`() throws {
    guard let server = try CommandServer(), try server.isRedis7Point0() else { return }
    for version in [RESPVersion.two, .three] {
      let reply = try #require(try server.commandReply(version))
      let learned = try #require(CommandTable(learnedFrom: reply))
      #expect(learned.count == CommandTable.builtIn.count)
      for index in 0..<learned.count {
        let name = learned.name(at: index)
        #expect(learned.command(name) == CommandTable.builtIn.command(name), "\(name)")
      }
    }
  }

  @Test func `names are found whatever their case and nothing else is`() {
    let table = CommandTable.builtIn
    for name in ["GET", "get", "gEt", "GEORADIUSBYMEMBER_ro", "Restore-ASKING", "pSubScribe"] {
      #expect(table.command(name).isKnown, "\(name)")
    }
    // Bytes that differ from letters by the bit that tells their cases apart, or just outside.
    for name in [
      "", "ge", "gett", "ge\u{54}\u{0}", "\u{0}get", "restore\rasking", "bitfield\u{7F}ro",
      "g\u{65}\u{F4}", "client|kill", "get ", "georadiusbymember_rox", "georadiusbymember_r",
      "GEORADIUSBYMEMBER_R\u{0F}", "@et", "[et",
    ] {
      #expect(table.classified([name, "x"]).spec == .unknown, "\(name)")
    }
    let long = String(repeating: "get", count: 100_000)
    #expect(table.classified([long]).spec == .unknown)
    #expect(table.classified("config get x").spec == table.command("config|get"))
    #expect(table.classified("CLIENT kill x").spec.verb == .clientKill)
    #expect(table.classified("config kill x").spec == .unknown)
    #expect(table.classified("get kill").spec.verb == .get)
  }

  @Test func `every name of one to twenty bytes is found in a table of its own`() {
    var generator = SeededGenerator.forTest()
    for _ in 0..<200 {
      let names = Set(
        (0..<100).map { _ in
          (0..<Int.random(in: 1...20, using: &generator)).map { _ in
            UInt8.random(in: 0x61...0x64, using: &generator)
          }
        })
      let entries = names.map { CommandIndex.IndexedCommand(name: $0, container: 0) }
      let index = CommandIndex(entries)
      for (place, entry) in entries.enumerated() {
        let shouted = entry.name.map { $0 & 0xDF }
        #expect(unsafe index.find(shouted.span.bytes, in: 0) == place)
        #expect(unsafe index.find(shouted.span.bytes, in: 1) == nil)
      }
    }
  }
}
