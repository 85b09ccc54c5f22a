/// What a command may do to that which `GET` answers, and so what the cache owes to it.
package enum CommandEffect: UInt8, Sendable {
  /// Nothing, and it reads no key.
  case none
  /// It reads keys, or makes others read them.
  case reads
  /// It writes keys, and names them all: each gets an intent.
  case writes
  /// It may write keys that it does not name, or names in another database: a fence before its
  /// reply.
  case fence
  /// It may change any key, some without a push: the cache is emptied before and after.
  case empties

  /// Whether it concerns no key but those that are named.
  var isPlain: Bool { self == .reads || self == .writes }
}

/// Every command that changes what `GET` answers is here or carries Redis's `write` flag (and names
/// its keys); this is the one place for what flags and key positions do not say.
extension CommandEffect {
  /// The effect of the command called `name` (in lower case; `container|subcommand`) where its
  /// flags would mislead.
  static func correction(for name: String) -> CommandEffect? {
    switch name {
    // Scripts carry no write flag, write, and may write what they do not declare.
    case "eval", "evalsha", "fcall": .fence
    // Marked as reading, but it stores the count that it computed in its key's bytes.
    case "pfcount": .writes
    // The key in the other database changes too, and intents are for a key in one database.
    case "move": .fence
    // A module may do anything as it comes and goes.
    case "module|load", "module|loadex", "module|unload": .fence
    // SWAPDB pushes nothing at all. The others replace the data set, now or a little later.
    case "flushall", "flushdb", "swapdb", "replicaof", "slaveof", "failover", "cluster|reset":
      .empties
    // They may take the right to read from the user that the proxy is, and with it from all who read here.
    case "acl|setuser", "acl|deluser", "acl|load": .empties
    // POPULATE, RELOAD, LOADAOF, CHANGE-REPL-ID …: what it does is undocumented on purpose.
    case "debug": .empties
    // They write, but libraries of functions and not keys.
    case "function|load", "function|delete", "function|flush", "function|restore":
      CommandEffect.none
    default: nil
    }
  }

  /// What a command's flags say. `isFamiliar`: it is one of Redis's own, so that neither flag means
  /// that it does not touch values; a module's command may do more than it declares.
  init(_ flags: CommandFlags, namesKeys: Bool, isFamiliar: Bool) {
    if flags.contains(.write) {
      self = isFamiliar && namesKeys ? .writes : .fence
    } else if flags.contains(.readOnly) {
      self = .reads
    } else if isFamiliar {
      self = namesKeys ? .reads : .none
    } else {
      self = .fence
    }
  }
}
