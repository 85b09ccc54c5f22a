extension CommandTable {
  /// What a request is, its arguments considered, and which keys it touches.
  ///
  /// The spec's routing and effect are those of this very request: `XREAD` without `BLOCK` is
  /// `.shared`, `GETEX` without options only reads, a write whose keys cannot be told is a
  /// `.fence`. O(keys) for most commands, O(arguments) for a few; it allocates only where the list
  /// must grow.
  ///
  ///     let spec = table.classify(parser.arguments, in: request, keys: &keys)
  package func classify(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, keys: inout KeyList
  ) -> CommandSpec {
    keys.removeAll()
    let spec = command(of: arguments, in: request)
    if spec.listsSingleKey(ofArguments: arguments.count, in: &keys) { return spec }
    return classify(as: spec, arguments, in: request, keys: &keys)
  }

  /// All but a plain read or write of one key. Kept out of the way of those, whose path is short.
  @inline(never)
  private func classify(
    as plain: CommandSpec, _ arguments: borrowing ArgumentTable, in request: RawSpan,
    keys: inout KeyList
  ) -> CommandSpec {
    var spec = plain
    if !spec.accepts(argumentCount: arguments.count)
      || !collectKeys(of: spec, arguments, in: request, &keys)
    {
      keys.giveUp()
    }
    if spec.rule != .none { spec.resolve(arguments, in: request, &keys) }
    switch spec.effect {
    case .reads, .none: break
    case .writes: if keys.knowledge == .unknown { spec.effect = .fence }
    case .fence, .empties: if keys.knowledge == .exact { keys.knowledge = .partial }
    }
    return spec
  }
}

extension CommandSpec {
  /// Lists the key of a plain read or write of one, which needs no more than the spec. False where a request
  /// with so many arguments is anything else.
  func listsSingleKey(ofArguments count: Int, in keys: inout KeyList) -> Bool {
    let single = Int(singleKey)
    guard single > 0 && single < count && effect.isPlain && accepts(argumentCount: count) else {
      return false
    }
    keys.append(argument: single, isWritten: singleKeyIsWritten)
    return true
  }

  /// Makes routing and effect those of a request with these arguments and keys.
  fileprivate mutating func resolve(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, _ keys: inout KeyList
  ) {
    switch rule {
    case .none, .untold, .migrate: break
    case .keyspace: if keys.knowledge == .exact { keys.knowledge = .partial }
    case .script:
      if keys.knowledge == .exact { keys.knowledge = .partial }
      if arguments.count > 1, arguments.bytes(1, in: request).isScriptWithEscapes {
        routing = .solitary
      }
    case .scriptLoad:
      if arguments.count > 2, arguments.bytes(2, in: request).isScriptWithEscapes {
        routing = .solitary
      }
    case .streams:
      // Anywhere, not only where an option may stand: an option that is not known yet must not hide
      // it, since a command that blocks on a shared link would hold up all clients.
      if arguments.first(in: request, from: 1, equalTo: "block") == nil { routing = .shared }
    case .sort, .geoStore:
      if effect == .writes, keys.knowledge != .unknown, !keys.writesAny { effect = .reads }
    case .getEx: if arguments.count == 2 { becomeRead(&keys) }
    case .bitField:
      if keys.knowledge != .unknown && Self.bitFieldOnlyReads(arguments, in: request) {
        becomeRead(&keys)
      }
    case .copy:
      // The destination may be a key of another database, where it gets no intent.
      if arguments.first(in: request, from: 3, equalTo: "db") != nil { effect = .fence }
    }
  }

  private mutating func becomeRead(_ keys: inout KeyList) {
    effect = .reads
    keys.markRead()
  }

  /// Whether all operations are `GET`; what is not understood is taken for a write.
  private static func bitFieldOnlyReads(
    _ arguments: borrowing ArgumentTable, in request: RawSpan
  ) -> Bool {
    var place = 2
    while place < arguments.count {
      let word = arguments.bytes(place, in: request)
      let left = arguments.count &- place &- 1
      if word.equalsIgnoringCase("get") && left >= 2 {
        place &+= 3
      } else if word.equalsIgnoringCase("overflow") && left >= 1 {
        place &+= 2
      } else {
        return false
      }
    }
    return true
  }
}

extension RawSpan {
  /// Whether a script says something about itself with a backslash in it: `#!lua flags="\r\n"`. Where Redis
  /// does not know that, its error has it, unescaped.
  fileprivate var isScriptWithEscapes: Bool {
    guard byteCount > 2, extracting(0..<2).equals("#!") else { return false }
    let end = firstOffset(of: UInt8(ascii: "\n"), in: 2..<byteCount) ?? byteCount
    return firstOffset(of: UInt8(ascii: "\\"), in: 2..<end) != nil
  }
}

extension ArgumentTable {
  /// The first argument from `start` on that is `word`, which is in lower case, whatever its case.
  func first(in request: RawSpan, from start: Int, equalTo word: StaticString) -> Int? {
    var place = start
    while place < count {
      if bytes(place, in: request).equalsIgnoringCase(word) { return place }
      place &+= 1
    }
    return nil
  }
}
