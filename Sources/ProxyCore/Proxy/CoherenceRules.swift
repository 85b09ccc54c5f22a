/// The rules that keep answers coherent, by name, so that the tests can leave out each in turn and show
/// that their checker notices. Nothing else has a reason to.
package struct CoherenceRules: OptionSet, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// A write holds its keys from before it leaves until its reply has come.
  package static let intents = Self(rawValue: 1 << 0)
  /// New readers join only a flight that is current.
  package static let joinsCurrentOnly = Self(rawValue: 1 << 1)
  /// Only a flight that is current is stored.
  package static let storesCurrentOnly = Self(rawValue: 1 << 2)
  /// An invalidation removes the entry.
  package static let pushRemoves = Self(rawValue: 1 << 3)
  /// An invalidation ends the flight's being current.
  package static let pushDetaches = Self(rawValue: 1 << 4)
  /// What a lost fill link has filled is not trusted.
  package static let generations = Self(rawValue: 1 << 5)
  /// A write whose keys are not known is answered after its invalidations.
  package static let fences = Self(rawValue: 1 << 6)
  /// What replaces the data set empties the cache.
  package static let empties = Self(rawValue: 1 << 7)
  /// A client's commands that share a key take effect in order.
  package static let order = Self(rawValue: 1 << 8)
  /// A write of unknown outcome holds its keys for a while.
  package static let holdsUnknown = Self(rawValue: 1 << 9)
  /// A value is stored only if both replies of its fill agree that the key exists.
  package static let agreement = Self(rawValue: 1 << 10)

  /// A fill link that cannot answer a fence leaves no last known values.
  package static let unprovenForgotten = Self(rawValue: 1 << 11)
  /// While the data set is being replaced, nothing is joined or stored.
  package static let emptyingHeld = Self(rawValue: 1 << 12)
  /// Where Redis does not say which server it is, the loss of one link ends the trust in all.
  package static let unidentified = Self(rawValue: 1 << 13)
  /// After a script it is looked whether it has exchanged databases.
  package static let swapsSeen = Self(rawValue: 1 << 14)

  /// While a key is being written, a reader is answered by a fetch that begins after it asked.
  package static let waitsForNext = Self(rawValue: 1 << 15)

  package static let all = Self(rawValue: .max)
}
