/// What every command of a Redis is: which link it takes, which keys it names, and what the cache
/// owes to it. It never changes, so that all loops share one; a Redis that was asked again has a
/// new one.
///
/// ```
/// learned from COMMAND ─┐
///                       ├─▶ drafts ──corrections──▶ specs ──┐
/// built-in ─────────────┘                                   ├─▶ spec and keys of a request
///                               name of a request ──index───┘
/// ```
package final class CommandTable: Sendable {
  private let index: CommandIndex
  private let specs: [CommandSpec]
  private let names: [String]
  let keySpecs: [KeySpec]
  let keywords: [[UInt8]]

  /// The commands of Redis 7.0 and the better known ones of later versions.
  package static let builtIn = CommandTable(BuiltInCommands.drafts, keywords: [])

  init(_ drafts: [CommandDraft], keywords: [[UInt8]]) {
    var containers: [String: UInt16] = [:]
    for name in drafts.compactMap(\.container) where containers[name] == nil {
      containers[name] = UInt16(clamping: containers.count + 1)
    }
    var specs: [CommandSpec] = []
    var keySpecs: [KeySpec] = []
    var entries: [CommandIndex.IndexedCommand] = []
    for draft in drafts.prefix(Limits.commandsMax) {
      let spec = draft.spec(
        keySpecStart: UInt16(clamping: keySpecs.count),
        container: containers[draft.name] ?? 0, index: UInt16(clamping: specs.count))
      specs.append(spec)
      keySpecs += draft.keySpecs
      entries.append(
        CommandIndex.IndexedCommand(
          name: Array(draft.ownName.utf8),
          container: draft.container.flatMap { containers[$0] } ?? 0))
    }
    self.specs = specs
    self.keySpecs = keySpecs
    self.keywords = keywords
    names = drafts.prefix(specs.count).map(\.name)
    index = CommandIndex(entries)
  }

  /// How many commands and subcommands there are; their `index` is less.
  package var count: Int { specs.count }

  /// The name of the command at `index`, in lower case; `container|subcommand`.
  package func name(at index: Int) -> String { names.indices.contains(index) ? names[index] : "" }

  /// The command called `name`, whatever the case of its letters. O(1), no allocation.
  package func command(named name: RawSpan) -> CommandSpec {
    guard let place = index.find(name, in: 0) else { return .unknown }
    return specs[place]
  }

  /// The subcommand of `container` called `name`. O(1), no allocation.
  package func command(named name: RawSpan, of container: CommandSpec) -> CommandSpec {
    guard container.container != 0, let place = index.find(name, in: container.container) else {
      return .unknown
    }
    return specs[place]
  }

  /// The command, or subcommand, that a request asks for, before its arguments are looked at. O(1),
  /// no allocation.
  package func command(
    of arguments: borrowing ArgumentTable, in request: RawSpan
  ) -> CommandSpec {
    guard !arguments.isEmpty else { return .unknown }
    let spec = command(named: arguments.bytes(0, in: request))
    if spec.container == 0 || arguments.count == 1 { return spec }
    return command(named: arguments.bytes(1, in: request), of: spec)
  }
}
