/// How a `RedisClient` works, where the defaults do not fit.
///
/// ```swift
/// var options = RedisClientOptions()
/// options.requestTimeout = .seconds(2)
/// let redis = try await RedisClient(connectingTo: "redis://cache:6379", options: options)
/// ```
///
/// Numbers that make no sense are clamped rather than refused, because they come from
/// configurations.
public struct RedisClientOptions: Hashable, Sendable {
  /// Event loops, each on a thread and with a connection of its own, 1 ... 64. One is enough for
  /// some hundred thousand requests a second; with more, the requests of concurrent tasks can
  /// overtake each other on their way to Redis.
  public var loops = 1

  /// From the first step of an attempt to connect to the end of its greeting.
  public var connectTimeout = Duration.seconds(1)

  /// How long a request may take from the moment it is queued; nil for as long as Redis takes.
  /// What it was sent for may still be done afterwards.
  public var requestTimeout: Duration?

  /// Requests without a reply, each command of a pipeline counted, 1 ... 1 048 576 a loop. Past it
  /// a request fails at once with `RedisError.Reason.queueFull`.
  public var requestsMax = 65_536

  /// What Redis shows the connections as, in `CLIENT LIST`. Redis allows no spaces in it, and what
  /// it does not allow is replaced by `-`.
  public var clientName = "swift"

  /// The defaults.
  public init() {}

  var loopsClamped: Int { min(max(loops, 1), Limits.redisClientLoopsMax) }

  /// Each loop's share.
  var requestsMaxOfLoop: Int {
    let share = (max(requestsMax, 1) &- 1) / loopsClamped &+ 1
    return min(share, Limits.redisClientRequestsMax)
  }

  var nameAllowed: String {
    let bytes = clientName.utf8.prefix(Limits.redisClientNameBytesMax).map { byte in
      byte > 0x20 && byte < 0x7F ? byte : UInt8(ascii: "-")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func profile(of url: RedisURL) -> LinkProfile {
    var profile = LinkProfile(role: .shared(.three), url: url)
    profile.connectTimeout = connectTimeout
    profile.name = nameAllowed
    return profile
  }
}
