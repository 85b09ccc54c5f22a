/// Which commands may go over a connection that others share.
enum SharedCommands {
  /// Why this command may not, or nil where it may. O(1) but for XREAD and XREADGROUP, which are
  /// looked through for BLOCK.
  ///
  /// An unknown command is let through: modules have many, and the server's next
  /// version has some.
  static func refusal(of arguments: [RedisArgument]) -> String? {
    guard let first = arguments.first else {
      // Redis does not answer it, so that all later replies would go to the wrong requests.
      return "a command without a name was not sent"
    }
    let table = CommandTable.builtIn
    let container = first.withBytes { table.command(named: $0) }
    var spec = container
    if container.container != 0, arguments.count > 1 {
      spec = arguments[1].withBytes { table.command(named: $0, of: container) }
    }
    switch spec.routing {
    case .shared: return nil
    case .unknown where table.name(at: container.index) != "client" || !container.isKnown:
      return nil
    case .control, .solitary: return nil
    case .blocking where spec.rule == .streams && !blocks(arguments): return nil
    case .kept where answersOnly.contains(table.name(at: spec.index)): return nil
    default: break
    }
    let name = table.name(at: spec.isKnown ? spec.index : container.index)
    let shown = String(name.map { $0 == "|" ? " " : $0 }).uppercased()
    return "\(shown) was not sent, because \(reason(spec.routing))"
  }

  /// What the proxy answers by itself, but Redis can just as well, since it changes nothing for
  /// those who share the connection.
  private static let answersOnly: Set<String> = [
    "client|getname", "client|id", "client|info", "client|list", "client|kill", "client|unblock",
  ]

  private static func blocks(_ arguments: [RedisArgument]) -> Bool {
    arguments.dropFirst().contains { argument in
      argument.withBytes { $0.equalsIgnoringCase("block") }
    }
  }

  private static func reason(_ routing: CommandRouting) -> String {
    switch routing {
    case .transaction, .transactionEnd:
      "it is for one client's own connection, and this one is shared: use transaction(_:)"
    case .subscription, .session, .kept, .unknown, .shared, .control,
      .solitary:
      "it would change the connection for all who share it"
    case .blocking, .wait: "it would hold up all who share the connection"
    case .refused: "what follows it are no replies"
    }
  }
}
