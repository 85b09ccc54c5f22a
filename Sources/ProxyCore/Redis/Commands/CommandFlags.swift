/// What Redis says of a command by itself, as far as it decides anything here.
package struct CommandFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let write = Self(rawValue: 1 << 0)
  package static let readOnly = Self(rawValue: 1 << 1)
  /// Its reply may wait for another client's doing.
  package static let blocking = Self(rawValue: 1 << 2)
  /// Where its keys stand depends on its arguments.
  package static let movableKeys = Self(rawValue: 1 << 3)
  package static let pubSub = Self(rawValue: 1 << 4)
  package static let noScript = Self(rawValue: 1 << 5)
  package static let admin = Self(rawValue: 1 << 6)
  /// Refused between MULTI and EXEC.
  package static let noTransaction = Self(rawValue: 1 << 7)
  /// Allowed before authentication.
  package static let noAuthentication = Self(rawValue: 1 << 8)
  /// Answered while a script keeps Redis busy.
  package static let allowedWhileBusy = Self(rawValue: 1 << 9)

  /// By Redis's word in a `COMMAND` reply and the letter that stands for it in the built-in table.
  private static let names: [(word: String, letter: Character, flag: CommandFlags)] = [
    ("write", "w", .write), ("readonly", "r", .readOnly), ("blocking", "b", .blocking),
    ("movablekeys", "m", .movableKeys), ("pubsub", "p", .pubSub), ("noscript", "s", .noScript),
    ("admin", "a", .admin), ("no_multi", "n", .noTransaction),
    ("no_auth", "u", .noAuthentication), ("allow_busy", "y", .allowedWhileBusy),
  ]

  /// None for a word that decides nothing here.
  init(word: String) {
    self = Self.names.first { $0.word == word }?.flag ?? []
  }

  /// Nil for a letter that stands for nothing.
  init?(letter: Character) {
    guard let flag = Self.names.first(where: { $0.letter == letter })?.flag else { return nil }
    self = flag
  }
}
