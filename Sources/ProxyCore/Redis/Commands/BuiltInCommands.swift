/// The commands of Redis 7.0 and the better known ones of later versions and of Valkey: what is
/// known when a server does not answer `COMMAND`, and what an old one's answer leaves out.
///
/// A line is a command: its name in lower case (`container|subcommand`), its arity, its flags (a
/// letter each, see `CommandFlags`; `-` for none) and where its keys stand (see
/// `KeySpec.init(notation:)`). What depends on arguments beyond that is said by `ArgumentRule`; a
/// command that is wanted by name is a `CommandVerb`; what flags do not say is in
/// `CommandEffect.correction` and `CommandRouting.correction`.
enum BuiltInCommands {
  static let all: [StaticString] = [strings, collections, server]

  /// What the lines say. One that says nothing sensible is left out; a test sees to it that none
  /// is.
  static let drafts: [CommandDraft] = all.flatMap { lines(of: $0).compactMap(draft) }

  static func lines(of text: StaticString) -> [Substring] {
    text.description.split(separator: "\n")
  }

  private static func draft(of line: Substring) -> CommandDraft? {
    let words = line.split(separator: " ")
    guard words.count >= 3, let arity = Int16(words[1]) else { return nil }
    var flags: CommandFlags = []
    if words[2] != "-" {
      for letter in words[2] {
        guard let flag = CommandFlags(letter: letter) else { return nil }
        flags.insert(flag)
      }
    }
    let specs = words.dropFirst(3).map { KeySpec(notation: $0) }
    if specs.contains(where: { $0 == nil }) { return nil }
    return CommandDraft(
      name: String(words[0]), arity: arity, flags: flags, keySpecs: specs.compactMap(\.self),
      isFamiliar: true)
  }
}
