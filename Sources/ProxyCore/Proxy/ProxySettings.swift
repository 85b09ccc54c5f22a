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
