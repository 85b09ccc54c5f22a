/// Reads the reply to `COMMAND` over what is built in.
///
/// Entries differ by version: six elements before 6.0, seven in 6.x, ten since 7.0 (tips, key
/// specifications, subcommands). What is malformed is left out, so that the built-in knowledge of
/// that command stands; commands that the server does not list stay too, since it answers them with
/// an error.
struct CommandReplyReader {
  private(set) var drafts: [CommandDraft]
  private(set) var keywords: [[UInt8]] = []
  /// How many commands and subcommands were taken from the reply.
  private(set) var learnedCount = 0
  private var places: [String: Int] = [:]

  /// Over `known`: commands that are not in it are taken for those of modules.
  init(over known: [CommandDraft] = BuiltInCommands.drafts) {
    drafts = known
    for (place, draft) in drafts.enumerated() { places[draft.name] = place }
  }

  /// Takes what is well-formed. False where the reply is no list of commands at all.
  mutating func read(_ reply: RESPValue) -> Bool {
    guard let entries = reply.elements, entries.count <= Limits.commandsMax else { return false }
    for entry in entries {
      guard let name = read(entry, of: nil), let subcommands = entry[9]?.elements else { continue }
      for subcommand in subcommands.prefix(Limits.commandsMax) {
        _ = read(subcommand, of: name)
      }
    }
    return learnedCount > 0
  }

  /// The name of the command, where the entry is one.
  private mutating func read(_ entry: RESPValue, of container: String?) -> String? {
    guard let bytes = entry[0]?.bytes, let name = Self.name(bytes, of: container),
      let arity = entry[1]?.int.flatMap({ Int16(exactly: $0) }), arity != 0, arity > Int16.min,
      let words = entry[2]?.elements,
      let first = entry[3]?.int, let last = entry[4]?.int, let step = entry[5]?.int
    else { return nil }
    var flags: CommandFlags = []
    for word in words.prefix(Self.wordsMax) {
      if let word = word.string { flags.formUnion(CommandFlags(word: word)) }
    }
    var draft =
      places[name].map { drafts[$0] }
      ?? CommandDraft(name: name, arity: arity, flags: flags, keySpecs: [], isFamiliar: false)
    draft.arity = arity
    // Before 7.0 no flag says that a command blocks, for one.
    draft.flags.formUnion(flags)
    if draft.isFamiliar {
      // How the arguments of those with a rule are read is built in.
      if ArgumentRule(name: name) == .none, let specs = keySpecs(entry[8]), !specs.isEmpty {
        draft.keySpecs = specs
      }
    } else {
      learnKeys(of: &draft, entry, legacy: Self.range(first, last, step, flags))
    }
    return keep(draft) ? name : nil
  }

  /// The keys of a module's command: nothing is known but what it says.
  private mutating func learnKeys(
    of draft: inout CommandDraft, _ entry: RESPValue, legacy: KeySpec??
  ) {
    let isMovable = draft.flags.contains(.movableKeys)
    if let declared = entry[8]?.elements, !declared.isEmpty {
      let specs = keySpecs(entry[8])
      draft.keySpecs = specs ?? []
      // Keys that move, yet stand at fixed places: the module computes them otherwise.
      draft.isUntold = specs == nil || (isMovable && draft.keySpecs.allSatisfy(\.isFixed))
    } else {
      draft.keySpecs = (legacy ?? nil).map { [$0] } ?? []
      draft.isUntold = isMovable || legacy == nil
    }
  }

  private mutating func keep(_ draft: CommandDraft) -> Bool {
    if let place = places[draft.name] {
      drafts[place] = draft
    } else {
      guard drafts.count < Limits.commandsMax else { return false }
      places[draft.name] = drafts.count
      drafts.append(draft)
    }
    learnedCount += 1
    return true
  }

  /// The whole name in lower case, or nil where it is none.
  private static func name(_ bytes: [UInt8], of container: String?) -> String? {
    guard !bytes.isEmpty && bytes.count <= Limits.commandNameBytesMax,
      bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    let small = bytes.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    let name = String(decoding: small, as: UTF8.self)
    let parts = name.split(separator: "|", omittingEmptySubsequences: false)
    switch (container, parts.count) {
    case (nil, 1): return name
    case (let container?, 1): return container + "|" + name
    case (let container?, 2): return parts[0] == container && !parts[1].isEmpty ? name : nil
    default: return nil
    }
  }

  /// The keys by the three numbers that every version has: `.some(nil)` where there are none, nil
  /// where the numbers make no sense.
  private static func range(
    _ first: Int, _ last: Int, _ step: Int, _ flags: CommandFlags
  ) -> KeySpec?? {
    if first == 0 { return .some(nil) }
    guard let index = UInt16(exactly: first), let step = UInt16(exactly: step), step > 0,
      let last = Int16(exactly: last), last < 0 || last >= first
    else { return nil }
    // A positive number is an Int16 no less than `first`, so that the difference is one as well.
    let relative = last < 0 ? last : Int16(clamping: Int(last) - first)
    return KeySpec(
      begin: .index(index), find: .range(last: relative, step: step, limit: 0),
      isWritten: !flags.contains(.readOnly))
  }

  /// More words than any command has flags.
  private static let wordsMax = 64
}

extension CommandReplyReader {
  /// The keys by specifications, without those that are none; nil where they do not tell all.
  private mutating func keySpecs(_ value: RESPValue?) -> [KeySpec]? {
    guard let declared = value?.elements, declared.count <= Limits.keySpecsPerCommandMax else {
      return nil
    }
    var specs: [KeySpec] = []
    for value in declared {
      let words = value["flags"]?.elements?.prefix(Self.wordsMax).compactMap(\.string) ?? []
      if words.contains("not_key") { continue }
      guard !words.contains("incomplete"), let begin = begin(value["begin_search"]),
        let find = Self.find(value["find_keys"])
      else { return nil }
      specs.append(KeySpec(begin: begin, find: find, isWritten: !words.contains("RO")))
    }
    return specs
  }

  private mutating func begin(_ value: RESPValue?) -> KeySpec.Begin? {
    guard let type = value?["type"]?.string, let spec = value?["spec"] else { return nil }
    switch type {
    case "index":
      guard let index = Self.unsigned(spec["index"]), index > 0 else { return nil }
      return .index(index)
    case "keyword":
      guard let keyword = spec["keyword"]?.bytes, !keyword.isEmpty,
        keyword.count <= Limits.commandNameBytesMax,
        let start = spec["startfrom"]?.int.flatMap({ Int16(exactly: $0) }), start != 0,
        let number = UInt16(exactly: keywords.firstIndex(of: keyword) ?? keywords.count)
      else { return nil }
      if Int(number) == keywords.count { keywords.append(keyword) }
      return .keyword(number: number, startFrom: start)
    default: return nil
    }
  }

  private static func find(_ value: RESPValue?) -> KeySpec.Find? {
    guard let type = value?["type"]?.string, let spec = value?["spec"],
      let step = unsigned(spec["keystep"]), step > 0
    else { return nil }
    switch type {
    case "range":
      guard let last = spec["lastkey"]?.int.flatMap({ Int16(exactly: $0) }),
        let limit = unsigned(spec["limit"])
      else { return nil }
      return .range(last: last, step: step, limit: limit)
    case "keynum":
      guard let number = unsigned(spec["keynumidx"]), let first = unsigned(spec["firstkey"]) else {
        return nil
      }
      return .count(number: number, first: first, step: step)
    default: return nil
    }
  }

  private static func unsigned(_ value: RESPValue?) -> UInt16? {
    value?.int.flatMap { UInt16(exactly: $0) }
  }
}

extension KeySpec {
  /// Whether the keys stand at places that no argument decides.
  fileprivate var isFixed: Bool {
    if case .index = begin, case .range = find { true } else { false }
  }
}

extension CommandTable {
  /// What this reply to `COMMAND` says, completed by and corrected with what is built in; nil where
  /// it is no list of commands, an error for one.
  package convenience init?(learnedFrom reply: RESPValue) {
    var reader = CommandReplyReader()
    guard reader.read(reply) else { return nil }
    self.init(reader.drafts, keywords: reader.keywords)
  }
}
