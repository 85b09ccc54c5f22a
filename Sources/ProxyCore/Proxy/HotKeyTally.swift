/// What loops know of the keys that are read most.
package struct HotKeyTally: Sendable {
  /// Reads of any key.
  package internal(set) var readsPerSecond = 0.0
  /// The most read ones first.
  package internal(set) var keys: [HotKey] = []

  package init(readsPerSecond: Double = 0) { self.readsPerSecond = readsPerSecond }

  /// All together, each key once, no more than `count` of them.
  package static func sum(of parts: [HotKeyTally], atMost count: Int) -> HotKeyTally {
    struct Identity: Hashable {
      let hash: UInt64
      let database: UInt32
    }
    var sum = HotKeyTally()
    var keys: [Identity: HotKey] = [:]
    for part in parts {
      sum.readsPerSecond += part.readsPerSecond
      for key in part.keys {
        let identity = Identity(hash: key.hash, database: key.database)
        if let rate = keys[identity]?.readsPerSecond {
          keys[identity]?.readsPerSecond = rate + key.readsPerSecond
        } else {
          keys[identity] = key
        }
      }
    }
    let ranked = keys.values.sorted { ($0.readsPerSecond, $1.hash) > ($1.readsPerSecond, $0.hash) }
    sum.keys = Array(ranked.prefix(count))
    return sum
  }
}
