import TestSupport
import Testing

@testable import ProxyCore

/// The keys that are found in a request, against those that a real server finds. Nothing is
/// compared where none is installed.
///
/// Where ours are unknown though the server names some, it must answer the command with an error:
/// `COMMAND GETKEYS` reads numbers and options more loosely than the commands do. Where ours are
/// known they must be the server's, written where the server's are. The exceptions:
/// - GEORADIUS and GEORADIUSBYMEMBER: ours may be more, since of several STOREs all are named.
/// - XREAD and XREADGROUP: ours may be others, where the server takes an option's value called
///   STREAMS for the option; then the command's options must be well-formed.
/// - GETEX without options: the server says that it writes.
@Suite struct KeyComparisonTests {
  private struct Theirs: Equatable {
    let key: [UInt8]
    let isWritten: Bool
  }

  @Test func `random invocations of every command name the keys that a real server names`() throws {
    guard let server = try CommandServer(),
      let reply = try server.commandReply(.two)
    else { return }
    var reader = CommandReplyReader(over: [])
    guard reader.read(reply) else { return }
    var generator = SeededGenerator.forTest()
    var invocations: [[String]] = []
    for draft in reader.drafts {
      for _ in 0..<8 { invocations.append(Self.invocation(of: draft, &generator)) }
    }
    for template in Self.templates {
      for _ in 0..<40 { invocations.append(Self.mutated(words(template), &generator)) }
      invocations.append(words(template))
    }
    let replies = try server.replies(to: invocations.map { ["COMMAND", "GETKEYSANDFLAGS"] + $0 })
    try #require(replies.count == invocations.count)
    if replies.allSatisfy({ $0.failure != nil }) { return }  // before 7.0
    var compared = 0
    var refused = 0
    for (invocation, reply) in zip(invocations, replies) {
      let ours = CommandTable.builtIn.classified(invocation)
      if ours.knowledge == .unknown {
        guard Self.theirs(reply)?.isEmpty == false else { continue }
        refused += 1
        try Self.expectError(invocation, server)
      } else {
        Self.compare(ours, Self.theirs(reply) ?? [], invocation)
        compared += ours.keys.isEmpty ? 0 : 1
      }
    }
    #expect(compared > 1000 && refused > 20, "\(compared) compared, \(refused) refused")
  }

  private static func compare(_ ours: Classified, _ theirs: [Theirs], _ invocation: [String]) {
    let own = ours.keys.map {
      Theirs(key: bytes(invocation[$0.argument]), isWritten: $0.isWritten)
    }
    let name = invocation[0].lowercased()
    let isStreams = name.hasPrefix("xread")
    for key in theirs where !isStreams {
      let match = own.first { $0.key == key.key && ($0.isWritten || !key.isWritten) }
      let isException = name == "getex" && invocation.count == 2
      #expect(match != nil || isException, "\(invocation): \(shown(key.key)) is missing")
    }
    if name.hasPrefix("georadius") { return }
    if isStreams && invocation.filter({ $0.lowercased() == "streams" }).count > 1 { return }
    let names = own.map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
    let others = theirs.map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
    #expect(names == others, "\(invocation): \(own.map { shown($0.key) })")
  }

  private static func expectError(_ invocation: [String], _ server: CommandServer) throws {
    let answer = try server.replies(to: [invocation], timeoutSeconds: 2).first
    #expect(answer?.failure != nil, "\(invocation) is executed though its keys are unknown")
  }

  /// The server's answer; nil where it is an error.
  private static func theirs(_ reply: RESPValue) -> [Theirs]? {
    reply.elements?.compactMap { entry in
      guard let key = entry[0]?.bytes, let flags = entry[1]?.elements else { return nil }
      return Theirs(key: key, isWritten: !flags.contains { $0.string == "RO" })
    }
  }

  /// The command with about as many arguments as it takes; mostly keys, each other than the rest.
  private static func invocation(
    of draft: CommandDraft, _ generator: inout SeededGenerator
  ) -> [String] {
    var words = draft.name.split(separator: "|").map(String.init)
    let least = max(2, Int(draft.arity.magnitude))
    let count =
      draft.arity > 0 && Bool.random(using: &generator)
      ? least : Int.random(in: max(2, least - 1)...least + 6, using: &generator)
    while words.count < count { words.append(word(words.count, &generator)) }
    return words
  }

  private static func word(_ place: Int, _ generator: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0..<5: "k\(place)"
    case 5..<8: numbers.randomElement(using: &generator) ?? ""
    default: options.randomElement(using: &generator) ?? ""
    }
  }

  /// The template with a few words replaced, put in or taken out, never the first.
  private static func mutated(
    _ template: [String], _ generator: inout SeededGenerator
  ) -> [String] {
    var words = template
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let place = Int.random(in: 1...words.count, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0 where place < words.count: words[place] = word(place, &generator)
      case 1 where place < words.count && words.count > 2: words.remove(at: place)
      default: words.insert(word(words.count, &generator), at: place)
      }
    }
    return words
  }

  private static let numbers = [
    "0", "1", "2", "3", "5", "-1", "01", "+1", " 1", "1.5", "x", "", "2147483648",
    "9223372036854775807", "-9223372036854775808", "99999999999999999999",
  ]

  private static let options = [
    "STORE", "storedist", "BY", "get", "LIMIT", "streams", "STREAMS", "GROUP", "COUNT", "block",
    "NOACK", "KEYS", "keys", "AUTH", "auth2", "COPY", "REPLACE", "SET", "INCRBY", "overflow", "DB",
    "#", "asc", "EX", "PERSIST", "MATCH", "LEFT",
  ]

  private static let templates = [
    "SORT k BY w_* LIMIT 0 10 GET # GET o_* DESC ALPHA STORE d",
    "SORT k STORE d", "SORT_RO k BY w_* GET #",
    "XREAD COUNT 2 BLOCK 100 STREAMS a b c 0 0 0",
    "XREADGROUP GROUP g c COUNT 2 BLOCK 1 NOACK STREAMS a b > >",
    "GEORADIUS k 1 2 3 m WITHDIST COUNT 3 STORE d", "GEORADIUS k 1 2 3 m STOREDIST d",
    "GEORADIUSBYMEMBER k m 3 km STORE d",
    "MIGRATE 127.0.0.1 1 k 0 1 COPY REPLACE AUTH p",
    "MIGRATE 127.0.0.1 1 \"\" 0 1 COPY AUTH2 u p KEYS a b c",
    "EVAL s 2 a b c", "EVALSHA_RO s 1 a", "FCALL f 1 a b", "FCALL_RO f 0 a",
    "ZUNIONSTORE d 2 a b WEIGHTS 1 2", "ZINTERSTORE d 1 a", "ZDIFFSTORE d 2 a b",
    "ZUNION 2 a b WITHSCORES", "ZINTER 1 a", "ZDIFF 2 a b", "ZINTERCARD 2 a b LIMIT 1",
    "SINTERCARD 2 a b LIMIT 1", "LMPOP 2 a b LEFT COUNT 1", "ZMPOP 1 a MIN",
    "BLMPOP 0.01 2 a b LEFT", "BZMPOP 0.01 1 a MAX", "BLPOP a b 0.01", "BZPOPMIN a b 0.01",
    "BITOP AND d a b", "BITFIELD k GET u8 0 OVERFLOW SAT INCRBY u8 0 1",
    "BITFIELD k GET u8 0 GET u8 8", "GETEX k EX 10", "GETEX k", "SET k v EX 10 GET",
    "MSET a 1 b 2 c 3", "MSETNX a 1 b 2", "COPY a b DB 1 REPLACE", "MOVE k 1", "PFCOUNT a b",
    "PFMERGE d a b", "OBJECT FREQ k", "MEMORY USAGE k SAMPLES 1", "XGROUP CREATE k g 0 MKSTREAM",
    "LCS a b LEN", "RPOPLPUSH a b", "LMOVE a b LEFT LEFT", "SMOVE a b m", "DEL a b c",
    "RESTORE k 0 v REPLACE", "XINFO STREAM k FULL", "SPUBLISH c m", "WATCH a b",
  ]
}
