/// Which link a command takes. A client that holds a pinned link
/// sends all that is not kept or controlling over that one, whatever is said here.
package enum CommandRouting: Hashable, Sendable {
  /// Stateless: a shared link.
  case shared
  /// MULTI, WATCH: a pinned link until EXEC, DISCARD or UNWATCH.
  case transaction
  /// EXEC, DISCARD, UNWATCH: the end of it. An error, or nothing, where none was begun.
  case transactionEnd
  /// A pinned link until the count of subscriptions is 0.
  case subscription
  /// A pinned link for one reply.
  case blocking
  /// A pinned link for one reply, which ends with the client: Redis lets line ends into some of its errors, and
  /// what stands behind one reads as the reply to the next request.
  case solitary
  /// A pinned link until RESET.
  case session
  /// The control link, never behind what it is to end.
  case control
  /// The proxy answers, or decides who does.
  case kept
  /// As PING and this on a pinned link, once the client's writes were answered.
  case wait
  /// Nothing is known about it: a pinned link, until RESET, since it may leave state behind.
  case unknown
  /// The proxy answers with an error.
  case refused(CommandRefusal)
}

extension CommandRouting {
  /// The way of the command called `name` (in lower case; `container|subcommand`) where its flags
  /// do not tell.
  static func correction(for name: String) -> CommandRouting? {
    switch name {
    case "multi", "watch": .transaction
    case "exec", "discard", "unwatch": .transactionEnd
    case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
      .subscription
    case "monitor", "client|tracking", "client|caching", "client|no-touch", "client|capa",
      "client|import-source", "readonly", "readwrite", "asking":
      .session
    case "script|kill", "function|kill", "client|pause", "client|unpause", "shutdown": .control
    // Ids are the proxy's, so that what takes one is translated first, wherever it then goes.
    case "client|setname", "client|setinfo", "client|getname", "client|id", "client|info",
      "client|list", "client|kill", "client|unblock", "client|reply", "client|no-evict":
      .kept
    case "select", "hello", "reset", "quit", "auth": .kept
    case "wait", "waitaof": .wait
    // They say what is wrong with a library, or an argument, in its own words.
    case "function|load", "function|restore", "function|list": .solitary
    case "sync", "psync", "replconf": .refused(.replication)
    case "script|debug": .refused(.debugger)
    default: nil
    }
  }

  /// What a command's flags say; a module's command that neither reads nor writes may change what
  /// Redis keeps for its client.
  init(_ flags: CommandFlags, isFamiliar: Bool) {
    if flags.contains(.blocking) {
      self = .blocking
    } else if isFamiliar || !flags.isDisjoint(with: [.write, .readOnly]) {
      self = .shared
    } else {
      self = .unknown
    }
  }
}
