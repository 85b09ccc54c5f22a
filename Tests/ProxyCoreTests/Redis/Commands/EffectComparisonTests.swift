import TestSupport
import Testing

@testable import ProxyCore

/// Whether commands change no more of what `GET` answers, expiry included, than is said of them:
/// random ones are sent to a real server, and whatever key answers otherwise afterwards must have
/// been named as written, or the command be fenced. Nothing is compared where no server is
/// installed.
@Suite struct EffectComparisonTests {
  private static let setUp = """
    redis.call('flushall')
    for i = 1, 4 do redis.call('set', 'k' .. i, i) end
    redis.call('set', 'e1', 'x', 'EX', 1000)
    redis.call('pfadd', 'p1', 'a', 'b') redis.call('pfadd', 'p2', 'c')
    redis.call('rpush', 'l1', 3, 1, 2) redis.call('sadd', 's1', 1, 2, 3)
    redis.call('zadd', 'z1', 1, 'a', 2, 'b') redis.call('hset', 'h1', 'a', 1)
    redis.call('xadd', 'x1', '1-1', 'a', 1) redis.call('xgroup', 'create', 'x1', 'g', 0)
    redis.call('geoadd', 'g1', 1, 2, 'a', 1, 2.001, 'b')
    """

  /// Keys in turn with what tells their answers apart.
  private static let snapshot = """
    local state = {}
    for _, key in ipairs(redis.call('keys', '*')) do
      local type = redis.call('type', key).ok
      local value = type == 'string' and redis.call('get', key) or ''
      state[#state + 1] = key
      state[#state + 1] = type .. ' ' .. redis.call('pexpiretime', key) .. ' ' .. value
    end
    return state
    """

  @Test func `no command changes a key that it is not said to write`() throws {
    guard let server = try CommandServer(), let reply = try server.commandReply(.two) else {
      return
    }
    var reader = CommandReplyReader(over: [])
    guard reader.read(reply) else { return }
    var generator = SeededGenerator.forTest()
    var invocations: [[String]] = []
    for draft in reader.drafts where !Self.isExcluded(draft.name) {
      for _ in 0..<6 { invocations.append(Self.invocation(of: draft, &generator)) }
    }
    for template in Self.templates {
      for _ in 0..<12 { invocations.append(Self.mutated(words(template), &generator)) }
      invocations.append(words(template))
    }
    var changing = 0
    for invocation in invocations {
      let ours = CommandTable.builtIn.classified(invocation)
      guard ours.routing == .shared || ours.routing == .blocking else { continue }
      // Within a transaction nothing blocks.
      let commands = ours.routing == .blocking ? [["MULTI"], invocation, ["EXEC"]] : [invocation]
      let before = ["EVAL", Self.snapshot, "0"]
      let replies = try server.replies(
        to: [["EVAL", Self.setUp, "0"], before] + commands + [before], timeoutSeconds: 5)
      try #require(replies.count == commands.count + 3, "\(invocation)")
      if replies[1].failure != nil { return }  // before 7.0 there is no PEXPIRETIME
      let changed = Self.changed(replies[1], replies[replies.count - 1])
      changing += changed.isEmpty ? 0 : 1
      if ours.effect == .fence || ours.effect == .empties { continue }
      let written = ours.keys.filter(\.isWritten).map { bytes(invocation[$0.argument]) }
      for key in changed {
        let isExpected = ours.effect == .writes && written.contains(key)
        #expect(isExpected, "\(invocation) changes \(shown(key))")
      }
    }
    #expect(changing > 200, "\(changing) changed anything")
  }

  private static func changed(_ before: RESPValue, _ after: RESPValue) -> [[UInt8]] {
    let before = state(before)
    let after = state(after)
    return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
  }

  private static func state(_ reply: RESPValue) -> [[UInt8]: [UInt8]] {
    var state: [[UInt8]: [UInt8]] = [:]
    for pair in reply.pairs ?? [] { state[pair.key.bytes ?? []] = pair.value.bytes }
    return state
  }

  /// What would harm the server under test, or take its time.
  private static func isExcluded(_ name: String) -> Bool {
    let whole = [
      "debug", "failover", "replicaof", "slaveof", "migrate", "save", "bgsave", "bgrewriteaof",
      "pfselftest", "shutdown",
    ]
    let containers = ["config", "acl", "cluster", "module", "function"]
    return whole.contains(name) || containers.contains { name.hasPrefix($0 + "|") }
  }

  private static func invocation(
    of draft: CommandDraft, _ generator: inout SeededGenerator
  ) -> [String] {
    var words = draft.name.split(separator: "|").map(String.init)
    let least = Int(draft.arity.magnitude)
    let count = draft.arity > 0 ? least : Int.random(in: least...least + 3, using: &generator)
    while words.count < count { words.append(word(&generator)) }
    return words
  }

  private static func word(_ generator: inout SeededGenerator) -> String {
    let kinds = [
      keys, keys, ["0", "1", "2", "-1", "x", "100"], ["GET", "SET", "STORE", "EX", "*"],
    ]
    return kinds.randomElement(using: &generator)?.randomElement(using: &generator) ?? ""
  }

  /// The template with a word replaced, perhaps, and not the first.
  private static func mutated(
    _ template: [String], _ generator: inout SeededGenerator
  ) -> [String] {
    var words = template
    for _ in 0..<Int.random(in: 0...2, using: &generator) where words.count > 1 {
      words[Int.random(in: 1..<words.count, using: &generator)] = word(&generator)
    }
    return words
  }

  private static let keys = [
    "k1", "k2", "k3", "e1", "p1", "p2", "l1", "s1", "z1", "h1", "x1", "g1", "new",
  ]

  private static let templates = [
    "APPEND k1 x", "SET k1 v", "SET k1 v GET EX 10", "SETEX k1 9 v", "SETNX new v",
    "SETRANGE k1 2 x", "SETBIT k1 7 1", "GETSET k1 v", "GETDEL k1", "GETEX e1 PERSIST", "GETEX e1",
    "GETEX k1 EX 10", "INCR k1", "DECRBY k1 2", "INCRBYFLOAT k1 1.5", "MSET k1 a new b",
    "MSETNX new a", "BITOP NOT k1 k2", "BITFIELD k1 SET u8 0 1", "BITFIELD k1 GET u8 0",
    "BITFIELD k1 GET u8 0 INCRBY u8 0 1", "BITFIELD k1 OVERFLOW WRAP GET u8 0", "DEL k1 k2",
    "UNLINK k1", "EXPIRE k1 100", "PEXPIREAT k1 1", "PERSIST e1", "RENAME k1 k2",
    "RENAMENX k1 new", "COPY k1 new", "COPY k1 k2 REPLACE", "COPY k1 k2 DB 1", "MOVE k1 1",
    "TOUCH k1", "PFCOUNT p1", "PFCOUNT p1 p2", "PFMERGE p1 p2", "PFMERGE new", "PFADD p1 z",
    "PFDEBUG TODENSE p1", "PFDEBUG GETREG p1", "SORT l1", "SORT l1 STORE k1", "SORT_RO l1",
    "SORT l1 BY k* GET # GET k* STORE new", "LPOP l1", "LMOVE l1 new LEFT RIGHT",
    "RPOPLPUSH l1 k1", "LMPOP 1 l1 LEFT COUNT 9", "BLMPOP 1 2 k1 l1 LEFT COUNT 9",
    "BLPOP new l1 1", "BLMOVE l1 new LEFT LEFT 1", "SPOP s1 9", "SMOVE s1 new 1",
    "SINTERSTORE k1 s1", "SUNIONSTORE k1 new", "SDIFFSTORE new s1", "ZUNIONSTORE k1 1 z1",
    "ZINTERSTORE k1 2 z1 s1", "ZDIFFSTORE new 1 z1", "ZRANGESTORE k1 z1 0 -1", "ZMPOP 1 z1 MIN",
    "BZMPOP 1 1 z1 MAX COUNT 9", "ZPOPMIN z1 9", "GEORADIUS g1 1 2 9 km STORE k1",
    "GEORADIUS g1 1 2 9 km STOREDIST new", "GEORADIUS g1 1 2 9 km STORE k1 STOREDIST k2",
    "GEORADIUSBYMEMBER g1 a 9 km STORE k1", "GEOSEARCHSTORE k1 g1 FROMMEMBER a BYRADIUS 9 km",
    "HDEL h1 a", "HINCRBY h1 a 1", "XADD new * a 1", "XGROUP CREATE new g $ MKSTREAM",
    "XGROUP DESTROY x1 g", "XREADGROUP GROUP g c COUNT 1 STREAMS x1 >", "XACK x1 g 1-1",
    "XREADGROUP GROUP g c BLOCK 1 STREAMS x1 >", "XAUTOCLAIM x1 g c 0 0", "XTRIM x1 MAXLEN 0",
    "OBJECT ENCODING k1", "MEMORY USAGE k1", "DUMP k1", "LCS k1 k2", "SUBSTR k1 0 1",
    "FLUSHDB", "SWAPDB 0 1", "EVAL return 0", "SCAN 0", "PUBLISH c m", "RANDOMKEY",
  ]
}
