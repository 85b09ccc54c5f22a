/// What a proxy is told when it is made.
package struct ProxySettings: Sendable {
  /// What the cache relies on.
  package enum Coherence: Sendable {
    /// Invalidations, or expiry alone where Redis refuses them.
    case auto
    /// Invalidations; where Redis refuses them, nothing is kept.
    case tracking
    /// Expiry alone.
    case timeToLive
  }

  package var url: RedisURL
  /// Entries that are kept; 0: none.
  package var capacity = 100_000
  package var bytesMax = 256 << 20
  package var valueBytesMax = 1 << 20
  package var timeToLive: Duration? = .seconds(300)
  package var coherence = Coherence.auto
  package var permits = 1_024
  package var queueLimit = 16_384
  package var queueTimeout: Duration? = .seconds(1)
  package var connectTimeout = Duration.seconds(1)
  /// Links of clients' own, over all loops.
  package var pinnedMax = 5_000
  /// Clients, over all fronts.
  package var clientsMax = 10_000
  /// Clients of a loop and a front that are being told why they are turned away.
  package var refusalsMax = Limits.refusalsMax
  /// What clients leave unread, all together.
  package var outputBytesMax = Limits.clientOutputSumMax
  /// What they have sent of requests that have not ended, all together.
  package var inputBytesMax = Limits.clientInputSumMax
  /// A link to a seldom used database is closed after so long.
  package var linkIdleMax = Limits.linkIdleMax
  /// For how long after Redis went away the last known values may be answered.
  package var staleIfError = Duration.zero
  /// How long Redis may leave everything unanswered before it counts as away.
  package var silenceMax = Limits.redisSilenceMax
  /// Is told what becomes of the way to Redis, on whatever thread; must not take long.
  package var observer: (@Sendable (RedisNews) -> Void)?
  /// Is told of clients that are turned away or cut off, likewise.
  package var clientObserver: (@Sendable (ClientNews) -> Void)?
  /// Requests that take longer are remembered, the latest of them; nil: none.
  package var slowThreshold: Duration? = .milliseconds(10)
  package var slowRequestsMax = 128
  package var rules = CoherenceRules.all

  package init(url: RedisURL) { self.url = url }
}

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
