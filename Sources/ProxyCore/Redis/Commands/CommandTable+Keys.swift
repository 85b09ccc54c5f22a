/// Where the keys of a request are. What Redis would answer with an error gives no keys and
/// `false`: nothing here trusts a number that a client sent.
extension CommandTable {
  /// Adds a request's keys to `keys`; false where they cannot be told.
  func collectKeys(
    of spec: CommandSpec, _ arguments: borrowing ArgumentTable, in request: RawSpan,
    _ keys: inout KeyList
  ) -> Bool {
    let writes = spec.flags.contains(.write)
    switch spec.rule {
    case .untold: return false
    case .streams: return keys.collectStreams(arguments, in: request, areWritten: writes)
    case .migrate: return keys.collectMigrated(arguments, in: request)
    case .none, .keyspace, .script, .scriptLoad, .sort, .geoStore, .getEx, .bitField, .copy: break
    }
    let start = Int(spec.keySpecStart)
    for place in start..<start &+ Int(spec.keySpecCount) {
      guard collect(keySpecs[place], of: spec, arguments, in: request, &keys) else { return false }
    }
    switch spec.rule {
    case .sort: keys.collectSorted(arguments, in: request, mayStore: writes)
    case .geoStore: keys.collectStored(arguments, in: request)
    default: break
    }
    return true
  }

  private func collect(
    _ keySpec: KeySpec, of spec: CommandSpec, _ arguments: borrowing ArgumentTable,
    in request: RawSpan, _ keys: inout KeyList
  ) -> Bool {
    guard let begin = begin(of: keySpec, arguments, in: request) else { return false }
    let first: Int
    let last: Int
    let step: Int
    switch keySpec.find {
    case .range(let lastKey, let distance, let limit):
      first = begin
      step = Int(distance)
      if lastKey >= 0 {
        last = first &+ Int(lastKey)
      } else if limit > 1 {
        last = first &+ (arguments.count &- first) / Int(limit) &+ Int(lastKey)
      } else {
        last = arguments.count &+ Int(lastKey)
      }
    case .count(let number, let offset, let distance):
      let place = begin &+ Int(number)
      guard place < arguments.count,
        let count = Decimal(arguments.bytes(place, in: request))?.value,
        count >= 0 && count < arguments.count
      else { return false }
      if count == 0 { return spec.rule == .script }
      first = begin &+ Int(offset)
      step = Int(distance)
      last = first &+ (count &- 1) &* step
    }
    guard step > 0 && first > 0 && last >= first && last < arguments.count else { return false }
    var place = first
    while place <= last {
      keys.append(argument: place, isWritten: keySpec.isWritten)
      place &+= step
    }
    return true
  }

  private func begin(
    of keySpec: KeySpec, _ arguments: borrowing ArgumentTable, in request: RawSpan
  ) -> Int? {
    let number: UInt16
    var place: Int
    let step: Int
    switch keySpec.begin {
    case .index(let index): return Int(index)
    case .keyword(let keyword, let startFrom):
      number = keyword
      place = startFrom >= 0 ? Int(startFrom) : arguments.count &+ Int(startFrom)
      step = startFrom >= 0 ? 1 : -1
    }
    guard keywords.indices.contains(Int(number)) else { return nil }
    let keyword = keywords[Int(number)]
    while place > 0 && place < arguments.count {
      let word = arguments.bytes(place, in: request)
      // Bytes have no padding.
      if unsafe word.equalsFolded(keyword.span.bytes) { return place &+ 1 }
      place &+= step
    }
    return nil
  }
}

extension KeyList {
  /// XREAD and XREADGROUP, read option by option: a group or a consumer may be called STREAMS.
  fileprivate mutating func collectStreams(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, areWritten: Bool
  ) -> Bool {
    var place = 1
    while place < arguments.count {
      let word = arguments.bytes(place, in: request)
      if word.equalsIgnoringCase("streams") {
        let count = arguments.count &- place &- 1
        guard count > 0 && count.isMultiple(of: 2) else { return false }
        // Only reading for a group writes, and without its GROUP before it that is an error.
        if areWritten && place < 4 { return false }
        for key in place &+ 1...place &+ count / 2 {
          append(argument: key, isWritten: areWritten)
        }
        return true
      } else if word.equalsIgnoringCase("group") {
        place &+= 3
      } else if word.equalsIgnoringCase("count") || word.equalsIgnoringCase("block")
        || word.equalsIgnoringCase("claim")
      {
        place &+= 2
      } else if word.equalsIgnoringCase("noack") {
        place &+= 1
      } else {
        return false
      }
    }
    return false
  }

  /// SORT: a key to store in, the last one named, and patterns that make it read any key.
  fileprivate mutating func collectSorted(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, mayStore: Bool
  ) {
    var stored: Int?
    var place = 2
    while place < arguments.count {
      let word = arguments.bytes(place, in: request)
      if word.equalsIgnoringCase("by") || word.equalsIgnoringCase("get") {
        knowledge = .partial
        place &+= 1
      } else if word.equalsIgnoringCase("limit") {
        place &+= 2
      } else if word.equalsIgnoringCase("store") && place &+ 1 < arguments.count {
        stored = place &+ 1
      }
      place &+= 1
    }
    if let stored, mayStore { append(argument: stored, isWritten: true) }
  }

  /// GEORADIUS and GEORADIUSBYMEMBER: every key to store in, though only the last one is used.
  fileprivate mutating func collectStored(
    _ arguments: borrowing ArgumentTable, in request: RawSpan
  ) {
    var place = 5
    while place &+ 1 < arguments.count {
      let word = arguments.bytes(place, in: request)
      // What follows may be taken for the next keyword too: a key too many is harmless.
      if word.equalsIgnoringCase("store") || word.equalsIgnoringCase("storedist") {
        append(argument: place &+ 1, isWritten: true)
      }
      place &+= 1
    }
  }

  /// MIGRATE: one key, or an empty one and others behind KEYS.
  fileprivate mutating func collectMigrated(
    _ arguments: borrowing ArgumentTable, in request: RawSpan
  ) -> Bool {
    guard arguments.count > 3 else { return false }
    var place = 6
    while place < arguments.count {
      let word = arguments.bytes(place, in: request)
      if word.equalsIgnoringCase("keys") {
        guard arguments[3].count == 0 else { return false }
        for key in (place &+ 1)..<arguments.count { append(argument: key, isWritten: true) }
        return true
      }
      if word.equalsIgnoringCase("auth") { place &+= 1 }
      if word.equalsIgnoringCase("auth2") { place &+= 2 }
      place &+= 1
    }
    append(argument: 3, isWritten: true)
    return true
  }
}
