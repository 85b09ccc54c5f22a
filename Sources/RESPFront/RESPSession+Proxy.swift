internal import ProxyCore

/// `PROXY`, a command of the proxy's own, made like Redis's containers.
extension RESPSession {
  func manageProxy(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    presence.command = .proxy
    let count = parser.arguments.count
    guard count > 1 else {
      reply { ClientState.refuseCount(of: "proxy", &$0) }
      return .done(length)
    }
    let name = parser.arguments.bytes(1, in: request)
    guard let subcommand = ProxySubcommand(name) else {
      reply { ClientState.refuse("ERR unknown subcommand '", name, "'. Try PROXY HELP.", &$0) }
      return .done(length)
    }
    guard subcommand.argumentCounts.contains(count) else {
      reply { ClientState.refuseCount(of: "proxy|\(subcommand.rawValue)", &$0) }
      return .done(length)
    }
    if pin?.hasIdentity == true {
      // What many share is not for those who have rights of their own.
      reply {
        let text = "NOPERM this user has no permissions to run the 'proxy|\(subcommand)' command"
        $0.appendError(Array(text.utf8).rawSpan)
      }
      return .done(length)
    }
    // What the client has asked for before comes before.
    guard traffic.isEmpty else { return stall(.quiet) }
    if let right = subcommand.right, let step = clear(right, length, now: now) { return step }
    switch subcommand {
    case .slowlog: return tellSlow(request, length)
    case .hotkeys: return tellHotKeys(request, length, now: now)
    default: execute(subcommand, request)
    }
    return .done(length)
  }

  private func execute(_ subcommand: ProxySubcommand, _ request: RawSpan) {
    switch subcommand {
    case .slowlog, .hotkeys: break
    case .help: reply { Self.appendLines(Self.help, to: &$0) }
    case .stats: reply { Self.append(worker.proxy.figures, client.version, to: &$0) }
    case .flush:
      worker.proxy.cache.removeAll()
      reply { $0.appendSimpleString("OK") }
    case .invalidate:
      var forgotten = 0
      for index in 2..<parser.arguments.count {
        let key = parser.arguments.bytes(index, in: request)
        if worker.proxy.cache.invalidate(key, hash: worker.hash(key)) { forgotten += 1 }
      }
      reply { $0.appendInteger(forgotten) }
    }
  }

  private static func append(
    _ figures: [Figure], _ version: RESPVersion, to output: inout ByteBuffer
  ) {
    output.appendMapHeader(count: figures.count, version)
    for figure in figures {
      output.appendArgument(figure.name)
      switch figure.value {
      case .number(let number): output.appendInteger(number)
      case .text(let word): output.appendArgument(word)
      }
    }
  }

  /// A help, as Redis's containers give it.
  static func appendLines(_ lines: [StaticString], to output: inout ByteBuffer) {
    output.appendArrayHeader(count: lines.count)
    for line in lines { output.appendSimpleString(line) }
  }

  private static let help: [StaticString] = [
    "PROXY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "FLUSH", "    Forget everything that is cached; nothing changes in Redis.",
    "HOTKEYS [<count>]",
    "    Return the keys that are read most, 10 or <count> of them (-1: all that are known),",
    "    with estimates of the last minutes.",
    "INVALIDATE <key> [<key> ...]",
    "    Forget these keys, in every database. Returns how many were cached.",
    "SLOWLOG <subcommand>",
    "    What took long through the proxy; PROXY SLOWLOG HELP tells the subcommands.",
    "STATS", "    Return what the proxy counts, as in INFO proxy.",
    "HELP", "    Prints this help.",
  ]
}

private enum ProxySubcommand: String, CaseIterable {
  case flush, help, hotkeys, invalidate, slowlog, stats

  init?(_ name: RawSpan) {
    guard let known = Self.allCases.first(where: { name.equalsIgnoringCase($0.text) }) else {
      return nil
    }
    self = known
  }

  private var text: StaticString {
    switch self {
    case .flush: "flush"
    case .help: "help"
    case .hotkeys: "hotkeys"
    case .invalidate: "invalidate"
    case .slowlog: "slowlog"
    case .stats: "stats"
    }
  }

  var right: Right? {
    switch self {
    case .help: nil
    case .stats: .inform
    case .flush, .hotkeys, .invalidate, .slowlog: .maintain
    }
  }

  /// How many words such a request has.
  var argumentCounts: ClosedRange<Int> {
    switch self {
    case .flush, .help, .stats: 2...2
    case .hotkeys: 2...3
    case .invalidate, .slowlog: 3...Int.max
    }
  }
}
