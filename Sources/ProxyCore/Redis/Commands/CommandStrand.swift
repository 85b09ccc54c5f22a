/// Which of the links that clients share a command takes. Redis holds commands of one kind back together, so
/// that they wait behind each other and hold back no others: `CLIENT PAUSE … WRITE` the writes, a script
/// that runs for too long the scripts behind it.
package enum CommandStrand: UInt8, Sendable {
  case reads, writes, scripts

  package static let count = 3

  var place: Int { Int(rawValue) }

  init?(place: Int) { self.init(rawValue: UInt8(truncatingIfNeeded: place)) }
}

extension CommandStrand {
  /// The strand of the command called `name` (in lower case; `container|subcommand`).
  init(name: String, _ flags: CommandFlags, _ rule: ArgumentRule, _ effect: CommandEffect) {
    switch name {
    case _ where rule == .script: self = .scripts
    // No writes, but they are replicated, and so they wait with them.
    case "publish", "spublish", "script|load", "script|flush": self = .writes
    default:
      let isHeldBack = flags.contains(.write) || (effect != .none && effect != .reads)
      self = isHeldBack ? .writes : .reads
    }
  }

  /// Of several commands that are one request.
  static func max(_ left: Self, _ right: Self) -> Self {
    left.rawValue > right.rawValue ? left : right
  }
}
