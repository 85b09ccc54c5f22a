/// The keys of one request, reused for the next one.
package struct KeyList: ~Copyable {
  package enum Knowledge: UInt8, Sendable {
    /// These are all the keys it touches.
    case exact
    /// It may touch others too; those it does not name, it only reads, unless its effect is a
    /// fence.
    case partial
    /// Its keys cannot be told, mostly because Redis will answer it with an error. The list is
    /// empty.
    case unknown
  }

  package internal(set) var knowledge = Knowledge.exact
  package private(set) var writesAny = false
  package private(set) var count = 0
  /// The only key of most requests.
  private var first = KeyReference(argument: 0, isWritten: false)
  /// The `count - 1` behind it are of this request; those behind them are room for the next one.
  private var others: [KeyReference] = []

  package init() {}

  package var isEmpty: Bool { count == 0 }
  package var allocatedCount: Int { others.capacity }

  package subscript(index: Int) -> KeyReference {
    precondition(index >= 0 && index < count, "there is no such key")
    return index == 0 ? first : others[index &- 1]
  }

  /// Whether the request is ordered against all others of its client.
  package var namesAll: Bool { knowledge != .exact }

  mutating func removeAll() {
    knowledge = .exact
    writesAny = false
    count = 0
    if others.count > Limits.argumentsKeptMax { others = [] }
  }

  mutating func append(argument: Int, isWritten: Bool) {
    let reference = KeyReference(argument: argument, isWritten: isWritten)
    if count == 0 {
      first = reference
    } else if count <= others.count {
      others[count &- 1] = reference
    } else {
      others.append(reference)
    }
    count &+= 1
    if isWritten { writesAny = true }
  }

  /// Forgets what was found, because it is not to be relied upon.
  mutating func giveUp() {
    removeAll()
    knowledge = .unknown
  }

  /// Says of all keys that they are only read.
  mutating func markRead() {
    writesAny = false
    first = KeyReference(argument: first.argument, isWritten: false)
    for place in 0..<max(0, count &- 1) {
      others[place] = KeyReference(argument: others[place].argument, isWritten: false)
    }
  }
}
