import Testing

@testable import ProxyCore

@Suite struct RecentCommandTests {
  private let table = CommandTable.builtIn

  /// What is known of `name` after `noted` was looked up; nil: nothing.
  private func recalled(_ name: String, after noted: String) -> CommandSpec? {
    var recent = RecentCommand()
    recent.note(spec(noted), named: Array(noted.utf8).rawSpan)
    return recent.spec(named: Array(name.utf8).rawSpan)
  }

  private func spec(_ name: String) -> CommandSpec {
    table.command(named: Array(name.utf8).rawSpan)
  }

  @Test func `a command is known again, whatever the case of its letters`() {
    #expect(recalled("incr", after: "incr") == spec("incr"))
    #expect(recalled("INCR", after: "incr") == spec("incr"))
    #expect(recalled("incr", after: "InCr") == spec("incr"))
    #expect(recalled("setrange", after: "setrange") == spec("setrange"))
  }

  @Test func `no other name is taken for it`() {
    for name in ["decr", "incrb", "inc", "incrby", "", "ncr", "incr\0"] {
      #expect(recalled(name, after: "incr") == nil, "\(name)")
    }
  }

  @Test func `what its name and place of one key do not tell is not remembered`() {
    // Several keys, none, a subcommand, a name of more than eight bytes.
    for name in ["mset", "ping", "object", "xinfo", "incrbyfloat", "nosuch"] {
      #expect(recalled(name, after: name) == nil, "\(name)")
    }
  }

  @Test func `a subcommand is not remembered under the name of its container`() {
    var recent = RecentCommand()
    let encoding = table.command(named: Array("encoding".utf8).rawSpan, of: spec("object"))
    #expect(encoding.isKnown && encoding.singleKeyArgument == 2)
    recent.note(encoding, named: Array("object".utf8).rawSpan)
    #expect(recent.spec(named: Array("object".utf8).rawSpan) == nil)
  }
}
