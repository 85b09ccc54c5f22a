/// What is known of a command before it has its place in a table.
struct CommandDraft: Equatable {
  /// In lower case; `container|subcommand`.
  let name: String
  var arity: Int16
  var flags: CommandFlags
  var keySpecs: [KeySpec]
  /// Whether its keys cannot be told from `keySpecs`.
  var isUntold = false
  /// Whether it is one of Redis's own, which does what its flags say.
  var isFamiliar: Bool

  /// The container's name, where this is a subcommand.
  var container: String? {
    name.firstIndex(of: "|").map { String(name[..<$0]) }
  }

  /// The name that follows the container's, or the whole.
  var ownName: Substring {
    guard let bar = name.firstIndex(of: "|") else { return name[...] }
    return name[name.index(after: bar)...]
  }

  /// With its place in the table, and with all corrections.
  func spec(keySpecStart: UInt16, container: UInt16, index: UInt16) -> CommandSpec {
    var rule = ArgumentRule(name: name)
    if rule == .none && isUntold { rule = .untold }
    let namesKeys = !keySpecs.isEmpty || !(rule == .none || rule == .scriptLoad)
    let effect =
      CommandEffect.correction(for: name)
      ?? CommandEffect(flags, namesKeys: namesKeys, isFamiliar: isFamiliar)
    return CommandSpec(
      flags: flags,
      verb: CommandVerb(rawValue: name) ?? .other,
      routing: CommandRouting.correction(for: name)
        ?? CommandRouting(flags, isFamiliar: isFamiliar),
      effect: effect,
      strand: CommandStrand(name: name, flags, rule, effect),
      isKnown: true, rule: rule, keySpecs: keySpecs, keySpecStart: keySpecStart,
      container: container, index: index, arity: arity)
  }
}
