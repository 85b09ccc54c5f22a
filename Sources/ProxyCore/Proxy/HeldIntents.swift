/// The keys that a request holds until its reply has come, by their hashes. One is common, and then
/// nothing is allocated.
package struct HeldIntents {
  private var first: UInt64 = 0
  package private(set) var isEmpty = true
  private var others: Others?

  private final class Others { var hashes: [UInt64] = [] }

  package init() {}

  /// Makes room for all keys of a request that has many.
  package mutating func reserve(_ count: Int) {
    let others = others ?? Others()
    others.hashes.reserveCapacity(count)
    self.others = others
  }

  mutating func append(_ hash: UInt64) {
    if isEmpty {
      isEmpty = false
      first = hash
    } else {
      let others = others ?? Others()
      others.hashes.append(hash)
      self.others = others
    }
  }

  /// Ends the holding of each.
  mutating func release(from cache: ByteCache) {
    if isEmpty { return }
    cache.endIntent(hash: first)
    if let others { for hash in others.hashes { cache.endIntent(hash: hash) } }
    self = HeldIntents()
  }
}
