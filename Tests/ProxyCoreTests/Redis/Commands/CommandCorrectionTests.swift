import Testing

@testable import ProxyCore

/// What flags and key positions do not say.
@Suite struct CommandCorrectionTests {
  private let table = CommandTable.builtIn

  private func expect(
    _ line: String, _ effect: CommandEffect, _ keys: String, _ routing: CommandRouting = .shared,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let actual = table.classified(line)
    #expect(actual.effect == effect, "\(line)", sourceLocation: location)
    #expect(actual.transcript == keys, "\(line)", sourceLocation: location)
    #expect(actual.routing == routing, "\(line)", sourceLocation: location)
  }

  @Test func `plain reads and writes are what they seem`() {
    expect("GET k", .reads, "1r")
    expect("SET k v", .writes, "1w")
    expect("MSET a 1 b 2", .writes, "1w 3w")
    expect("SINTERSTORE d a b", .writes, "1w 2r 3r")
    expect("OBJECT ENCODING k", .reads, "2r")
    expect("MEMORY USAGE k", .reads, "2r")
    expect("PING", .none, "")
    expect("CONFIG GET save", .none, "")
    expect("XGROUP CREATE k g $ MKSTREAM", .writes, "2w")
    expect("HEXPIRE k 9 FIELDS 1 f", .writes, "1w")
    expect("MSETEX 2 a 1 b 2 EX 10", .writes, "2w 4w")
    expect("BITOP AND d a b", .writes, "2w 3r 4r")
    expect("TOUCH a b", .reads, "1r 2r")
  }

  @Test func `scripts are fenced and may touch what they do not declare`() {
    expect("EVAL s 1 a x", .fence, "3w ~")
    expect("EVALSHA s 0", .fence, "~")
    expect("FCALL f 2 a b", .fence, "3w 4w ~")
    expect("EVAL s 2 a", .fence, "?")
    expect("EVAL_RO s 1 a x", .reads, "3r ~")
    expect("EVALSHA_RO s 0", .reads, "~")
    expect("FCALL_RO f x a", .reads, "?")
  }

  @Test func `counting a HyperLogLog writes it`() {
    expect("PFCOUNT a b", .writes, "1w 2w")
    expect("PFMERGE d a", .writes, "1w 2r")
    expect("PFDEBUG TODENSE k", .writes, "2w")
  }

  @Test func `what changes another database is fenced`() {
    expect("MOVE k 1", .fence, "1w ~")
    expect("COPY a b", .writes, "1r 2w")
    expect("COPY a b REPLACE", .writes, "1r 2w")
    expect("COPY a b db 1", .fence, "1r 2w ~")
  }

  @Test func `what replaces the data set empties the cache`() {
    for line in [
      "FLUSHALL", "flushdb async", "SWAPDB 0 1", "REPLICAOF a 1", "SLAVEOF NO ONE", "FAILOVER",
      "DEBUG RELOAD", "DEBUG POPULATE 10", "CLUSTER RESET",
    ] {
      expect(line, .empties, "~")
    }
    for line in ["ACL SETUSER u -get", "acl deluser u", "ACL LOAD"] { expect(line, .empties, "~") }
    expect("ACL WHOAMI", .none, "")
    expect("MODULE LOAD m", .fence, "~")
    expect("FUNCTION FLUSH", .none, "")
    expect("FUNCTION LOAD s", .none, "", .solitary)
    expect("SCRIPT FLUSH", .none, "")
  }

  @Test func `writes that only read are reads`() {
    expect("GETEX k", .reads, "1r")
    expect("GETEX k PERSIST", .writes, "1w")
    expect("GETDEL k", .writes, "1w")
    expect("BITFIELD k", .reads, "1r")
    expect("BITFIELD k GET u8 0 get u8 1", .reads, "1r")
    expect("BITFIELD k OVERFLOW WRAP GET u8 0", .reads, "1r")
    expect("BITFIELD k GET u8 0 SET u8 0 1", .writes, "1w")
    expect("BITFIELD k INCRBY u8 0 1", .writes, "1w")
    expect("BITFIELD k WRITE u8 0 1", .writes, "1w")
  }

  @Test func `sorting reads by patterns and writes where it stores`() {
    expect("SORT k", .reads, "1r")
    expect("SORT k LIMIT 0 1 ALPHA DESC", .reads, "1r")
    expect("SORT k STORE d", .writes, "1r 3w")
    expect("SORT k BY w_* STORE d", .writes, "1r 5w ~")
    expect("SORT k GET # GET x*", .reads, "1r ~")
    expect("SORT k BY STORE STORE d", .writes, "1r 5w ~")
    expect("SORT k STORE", .reads, "1r")
    expect("SORT_RO k STORE d", .reads, "1r")
    expect("SORT_RO k BY w_*", .reads, "1r ~")
  }

  @Test func `searching places writes where it stores`() {
    expect("GEORADIUS k 1 2 3 m", .reads, "1r")
    expect("GEORADIUS k 1 2 3 m COUNT 1 STORE d", .writes, "1r 9w")
    expect("GEORADIUS k 1 2 3 m STORE d storedist e", .writes, "1r 7w 9w")
    expect("GEORADIUS k 1 2 3 m STORE", .reads, "1r")
    expect("GEORADIUSBYMEMBER k m 3 m STOREDIST d", .writes, "1r 6w")
    expect("GEORADIUS_RO k 1 2 3 m STORE d", .reads, "1r")
    expect("GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m", .writes, "1w 2r")
  }

  @Test func `streams are found behind their options and block only with BLOCK`() {
    expect("XREAD STREAMS a b 0 0", .reads, "2r 3r")
    expect("XREAD COUNT 1 BLOCK 0 STREAMS a 0", .reads, "6r", .blocking)
    expect("XREADGROUP GROUP g c STREAMS a >", .writes, "5w")
    expect("XREADGROUP block 1 GROUP STREAMS STREAMS NOACK STREAMS a >", .writes, "8w", .blocking)
    expect("XREADGROUP COUNT 1 GROUP g streams STREAMS a >", .writes, "7w")
    expect("XREAD STREAMS a b c", .reads, "?")
    expect("XREAD STREAMS block 0", .reads, "2r", .blocking)
    expect("XREAD SOON BLOCK 0 STREAMS a 0", .reads, "?", .blocking)
    expect("XREADGROUP SOON g c STREAMS a b c", .fence, "?")
  }

  @Test func `a migration names its key, or those behind KEYS`() {
    expect("MIGRATE h 1 k 0 10", .writes, "3w")
    expect("MIGRATE h 1 k 0 10 COPY REPLACE", .writes, "3w")
    expect("MIGRATE h 1 \"\" 0 10 AUTH KEYS KEYS a b", .writes, "9w 10w")
    expect("MIGRATE h 1 \"\" 0 10 AUTH2 KEYS x KEYS a", .writes, "10w")
    expect("MIGRATE h 1 k 0 10 KEYS a b", .fence, "?")
  }

  @Test func `a count of keys that makes no sense names none`() {
    for count in ["0", "-1", "x", "3", "9223372036854775807", "99999999999999999999", "+1", ""] {
      let actual = table.classified(["ZUNIONSTORE", "d", count, "a", "b"])
      #expect(actual.effect == .fence && actual.transcript == "?", "\(count)")
      #expect(table.classified(["ZUNION", count, "a", "b"]).transcript == "?", "\(count)")
    }
    expect("ZUNIONSTORE d 2 a b", .writes, "1w 3r 4r")
    expect("LMPOP 1 a LEFT", .writes, "2w")
    expect("SINTERCARD 1 a LIMIT 1", .reads, "2r")
  }

  @Test func `a wrong number of arguments names nothing`() {
    expect("GET", .reads, "?")
    expect("GET a b", .reads, "?")
    expect("SET k", .fence, "?")
    expect("MSET", .fence, "?")
    expect("CLIENT", .none, "?")
  }

  @Test func `what looks at the whole keyspace, or speaks of it, is ordered against all`() {
    for line in ["KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE"] { expect(line, .reads, "~") }
    expect("PUBLISH c m", .reads, "~")
    expect("SPUBLISH c m", .reads, "~")
  }

  @Test func `the unknown is pinned and fenced`() {
    for line in ["FOO a b", "CONFIG FOO a", "CLIENT FOO", "xgroup foo k"] {
      expect(line, .fence, "?", .unknown)
      #expect(!table.classified(line).spec.isKnown)
    }
  }
}
