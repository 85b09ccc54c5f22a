import Testing

@testable import ProxyCore

@Suite struct CommandRoutingTests {
  private static let expected: [(CommandRouting, String)] = [
    (.shared, "get set eval publish info command ping echo time config|set object|encoding"),
    (.shared, "client|trackinginfo client|getredir client|help pubsub|channels script|load"),
    (.shared, "slowlog|get memory|usage function|stats scan dbsize keys migrate"),
    (.transaction, "multi watch"),
    (.transactionEnd, "exec discard unwatch"),
    (.subscription, "subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe"),
    (.blocking, "blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop xread xreadgroup"),
    (.solitary, "function|load function|restore function|list"),
    (.session, "monitor client|tracking client|caching client|no-touch readonly asking"),
    (.control, "script|kill function|kill client|pause client|unpause shutdown"),
    (.kept, "client|setname client|setinfo client|getname client|id client|info client|list"),
    (.kept, "client|kill client|unblock client|reply client|no-evict"),
    (.kept, "select hello reset quit auth"),
    (.wait, "wait waitaof"),
    (.refused(.replication), "sync psync replconf"),
    (.refused(.debugger), "script|debug"),
    (.unknown, "nonsense client|nonsense"),
  ]

  @Test func `every command takes the link that the design gives it`() {
    for (routing, names) in Self.expected {
      for name in words(names) {
        #expect(CommandTable.builtIn.command(name).routing == routing, "\(name)")
      }
    }
  }

  @Test func `all that blocks, by Redis's word, has a link of its own`() {
    let table = CommandTable.builtIn
    for index in 0..<table.count {
      let spec = table.command(table.name(at: index))
      #expect(spec.index == index)
      #expect(spec.flags.contains(.blocking) == (spec.routing == .blocking))
    }
  }

  @Test func `a script that Redis may repeat with its line ends has a link of its own`() {
    let table = CommandTable.builtIn
    for words in [["EVAL"], ["eval_ro"], ["SCRIPT", "LOAD"]] {
      for script in ["#!lua flags=\"\\r\\n\"\nreturn 1", "#!\"\\x0d\\x0a", "#!\\"] {
        #expect(table.classified(words + [script, "0"]).routing == .solitary, "\(script)")
      }
      for script in ["", "#", "#!", "#!lua\nreturn '\\r\\n'", "return '#!\\r'", " #!\\", "x\n#!\\"]
      {
        #expect(table.classified(words + [script, "0"]).routing == .shared, "\(script)")
      }
    }
    #expect(table.classified(["EVALSHA", "x", "0"]).routing == .shared)
    #expect(table.classified(["SCRIPT", "LOAD"]).routing == .shared)
    #expect(table.command("script|load").effect == .none)
  }

  @Test func `all that writes, by Redis's word, has an effect on the cache`() {
    let table = CommandTable.builtIn
    for index in 0..<table.count where !table.name(at: index).hasPrefix("function|") {
      let spec = table.command(table.name(at: index))
      if !spec.flags.contains(.write) { continue }
      #expect([.writes, .fence, .empties].contains(spec.effect), "\(table.name(at: index))")
    }
  }

  @Test func `refusals say why`() {
    for refusal in [CommandRefusal.replication, .debugger] {
      #expect(refusal.message.description.hasPrefix("ERR "))
    }
  }

  @Test func `arity is as in Redis`() {
    let get = CommandTable.builtIn.command("get")
    #expect([1, 2, 3].map(get.accepts) == [false, true, false])
    let set = CommandTable.builtIn.command("set")
    #expect([2, 3, 100].map(set.accepts) == [false, true, true])
    #expect(CommandSpec.unknown.accepts(argumentCount: 1))
  }
}
