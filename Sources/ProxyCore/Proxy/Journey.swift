/// A request of a client that is under way, and the keys that it names.
package struct Journey {
  package enum JourneyKind: UInt8, Sendable {
    /// From a key's home: a read that may be kept.
    case fetch
    /// To Redis, over the link that the client's other requests take.
    case pass
  }

  package let way: JourneyKind
  /// Of one that passes, the shared link that it takes.
  package var strand = CommandStrand.reads
  /// It may name any key: which ones is not kept.
  package private(set) var namesAll = false
  private(set) var namesOne = false
  private(set) var first: UInt64 = 0
  /// What it takes of the client's limit.
  let bytes: Int
  /// What few of them have.
  private(set) var rest: Rest?

  final class Rest {
    var others: [UInt64] = []
    var key: [UInt8] = []
    var read: UInt64 = 0
  }

  package init(_ way: JourneyKind, bytes: Int) {
    self.way = way
    self.bytes = bytes
  }

  /// A request with one key, by its hash.
  package init(passing hash: UInt64, bytes: Int) {
    self.init(.pass, bytes: bytes)
    namesOne = true
    first = hash
  }

  /// A fetch of this key.
  package init(fetching key: RawSpan, hash: UInt64, bytes: Int) {
    self.init(.fetch, bytes: bytes)
    add(hash)
    rest = Rest()
    rest?.key = key.array
  }

  /// Of a fetch, by which number its worker knows it.
  package var read: UInt64 { rest?.read ?? 0 }
  package func note(read: UInt64) { rest?.read = read }

  /// Of a fetch, what is fetched.
  package var key: [UInt8] { rest?.key ?? [] }

  /// A request over a shared or pinned link that may name any key.
  package static func namingAll(bytes: Int) -> Journey {
    var journey = Journey(.pass, bytes: bytes)
    journey.namesAll = true
    return journey
  }

  /// Adds a key, by its hash. Two keys that share one only wait for each other in vain.
  package mutating func add(_ hash: UInt64) {
    if !namesOne {
      namesOne = true
      first = hash
    } else {
      let rest = rest ?? Rest()
      rest.others.append(hash)
      self.rest = rest
    }
  }

  /// The hash of the key that was added as the `index`-th; nil where keys are not kept.
  package func hash(at index: Int) -> UInt64? {
    if namesAll { return nil }
    return index == 0 ? first : rest?.others[index - 1]
  }

  /// Whether it is ordered against all others of its client over other links: what names no key may tell of any.
  var isWide: Bool { namesAll || !namesOne }

  func forEachKey(_ body: (UInt64) -> Void) {
    if namesOne { body(first) }
    if let rest { for hash in rest.others { body(hash) } }
  }
}
