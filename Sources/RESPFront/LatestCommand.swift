internal import ProxyCore

/// A client's latest command, noted without looking for its name.
enum LatestCommand {
  case none
  /// The one that is answered from memory.
  case get
  /// By its place in a table: those of Redis are learned while clients are there.
  case known(index: Int, table: ObjectIdentifier)
  case proxy

  /// `table` is the one that has classified the command.
  init(_ spec: CommandSpec, of table: ObjectIdentifier) {
    self = spec.isKnown ? .known(index: spec.index, table: table) : .none
  }

  /// As `CLIENT LIST` has it.
  func name(in table: CommandTable) -> String {
    switch self {
    case .get: return "get"
    case .proxy: return "proxy"
    case .known(let index, let identifier):
      for known in [table, CommandTable.builtIn] where ObjectIdentifier(known) == identifier {
        return known.name(at: index)
      }
      return "NULL"
    case .none: return "NULL"
    }
  }
}
