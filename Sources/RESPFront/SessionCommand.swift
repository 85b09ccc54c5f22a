internal import ProxyCore

/// What a session answers by itself, so that using it costs the client no link of its own. All else is
/// for Redis.
enum SessionCommand {
  case ping, echo, quit, reset, hello, select, client

  /// The command of this name, whatever its case; nil where it is Redis's.
  init?(_ name: RawSpan) {
    switch name.byteCount {
    case 4 where name.equalsIgnoringCase("ping"): self = .ping
    case 4 where name.equalsIgnoringCase("echo"): self = .echo
    case 4 where name.equalsIgnoringCase("quit"): self = .quit
    case 5 where name.equalsIgnoringCase("reset"): self = .reset
    case 5 where name.equalsIgnoringCase("hello"): self = .hello
    case 6 where name.equalsIgnoringCase("select"): self = .select
    case 6 where name.equalsIgnoringCase("client"): self = .client
    default: return nil
    }
  }

  /// As Redis writes it in errors.
  var name: StaticString {
    switch self {
    case .ping: "ping"
    case .echo: "echo"
    case .quit: "quit"
    case .reset: "reset"
    case .hello: "hello"
    case .select: "select"
    case .client: "client"
    }
  }

  /// How many arguments it takes, its name included.
  var argumentCounts: ClosedRange<Int> {
    switch self {
    case .ping: 1...2
    case .echo, .select: 2...2
    case .quit, .hello: 1...Int.max
    case .reset: 1...1
    case .client: 2...Int.max
    }
  }
}

/// The subcommands of `CLIENT` that a session answers by itself.
enum ClientSubcommand {
  case id, getName, setName, setInfo, reply, noEvict

  /// The subcommand of this name, whatever its case; nil where it is Redis's.
  init?(_ name: RawSpan) {
    switch name.byteCount {
    case 2 where name.equalsIgnoringCase("id"): self = .id
    case 5 where name.equalsIgnoringCase("reply"): self = .reply
    case 7 where name.equalsIgnoringCase("getname"): self = .getName
    case 7 where name.equalsIgnoringCase("setname"): self = .setName
    case 7 where name.equalsIgnoringCase("setinfo"): self = .setInfo
    case 8 where name.equalsIgnoringCase("no-evict"): self = .noEvict
    default: return nil
    }
  }

  /// As Redis writes it in errors.
  var name: StaticString {
    switch self {
    case .id: "client|id"
    case .getName: "client|getname"
    case .setName: "client|setname"
    case .setInfo: "client|setinfo"
    case .reply: "client|reply"
    case .noEvict: "client|no-evict"
    }
  }

  /// How many arguments it takes, `CLIENT` and its name included.
  var argumentCount: Int {
    switch self {
    case .id, .getName: 2
    case .setName, .reply, .noEvict: 3
    case .setInfo: 4
    }
  }
}
