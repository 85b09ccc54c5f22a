/// A Redis client with a near cache: what was read once is answered from this process's memory, and
/// Redis says when that has changed.
///
/// ```swift
/// let redis = try await RedisClient(connectingTo: "redis://127.0.0.1:6379")
/// let near = try CachedRedis(redis, capacity: 100_000, timeToLive: .seconds(30))
///
/// let name = try await near.get("name")       // from Redis
/// let again = try await near.get("name")      // from memory
/// try await near.set("name", "Ada")           // and no later `get` here sees an older value
/// ```
///
/// **Coherence.** Once a write through this cache has been answered, no `get` here answers an older
/// value. What others write is seen as soon as Redis has told (`CLIENT TRACKING`), a network trip later,
/// and never later than `timeToLive`, nor after the key's own end in Redis. Where Redis refuses to tell
/// (`isCoherent` is false then), the time to live alone bounds what others' writes take to be seen.
///
/// **One fetch.** However many tasks ask for a key that is not in memory, Redis is asked once.
///
/// Send the writes of this process through here rather than through the `RedisClient`: only then are they
/// seen by the next read at once. Failures, cancellation and order are those of `RedisClient`.
public final class CachedRedis: RedisCommands {
  private let proxy: Proxy
  private let redis: RedisClient

  /// A cache in front of the server that `redis` is connected to, with links of its own on the client's
  /// loops.
  ///
  /// - Parameters:
  ///   - redis: The client that is asked for what is not kept.
  ///   - capacity: Keys that are kept, the least recently used go first; 0: none.
  ///   - bytesMax: What all of them may take, with their overhead.
  ///   - valueBytesMax: A longer value is fetched each time.
  ///   - timeToLive: The longest that a value is kept; nil for as long as it holds, which asks for a
  ///     server that tells of changes.
  /// - Throws: `RedisError` where the system has no descriptors or no memory for it.
  public init(
    _ redis: RedisClient, capacity: Int, bytesMax: Int = 256 << 20, valueBytesMax: Int = 1 << 20,
    timeToLive: Duration? = nil
  ) throws {
    var settings = ProxySettings(url: redis.url)
    settings.capacity = max(0, capacity)
    settings.bytesMax = bytesMax
    settings.valueBytesMax = valueBytesMax
    settings.timeToLive = timeToLive
    settings.connectTimeout = redis.connectTimeout
    settings.coherence = timeToLive == nil ? .tracking : .auto
    // Those who call bound themselves, or use a ConcurrencyLimiter of their own.
    settings.permits = Limits.limiterPermitsMax
    self.redis = redis
    do throws(SystemError) {
      proxy = try Proxy(settings, loops: redis.threads)
    } catch {
      throw RedisError(server: redis.server, reason: .connectFailed(error.description))
    }
  }

  deinit { proxy.closeSoon() }

  /// Closes the cache's links; tasks that wait for a reply get an error. The client stays as it is.
  public func close() { proxy.closeSoon() }

  /// Whether Redis tells of changes, as far as is known.
  public var isCoherent: Bool { proxy.isTracking }

  /// What is in memory and how often it was of use. O(shards).
  public var statistics: CacheStatistics { proxy.cache.statistics }

  /// Which server is behind it, as `host:port`.
  public var server: String { redis.server }

  /// The bytes of the string at `key`, or nil where there is none: from memory where it is known.
  ///
  /// - Throws: `RedisError`, `.errorReply` where the key holds no string; `CancellationError`.
  public nonisolated(nonsending) func get(
    _ key: some RedisArgumentConvertible
  ) async throws -> [UInt8]? {
    let key = key.redisArgument
    let database = UInt32(clamping: redis.url.database)
    if case .value(let known) = key.withBytes({ proxy.recall($0, database: database) }) {
      return known
    }
    let bytes = key.withBytes { $0.array }
    switch await proxy.fetch(bytes, database: database) {
    case .value(let value): return value
    // Too large to be kept: this once, from Redis.
    case .large: return try await redis.get(bytes)
    case .reply(let reply): return try checked(reply).bytes
    case .failure(let error): throw redisError(error)
    }
  }

  // MARK: Any command

  /// Sends a command, its name first, and returns Redis's reply. What it writes is forgotten here before
  /// it leaves, whether it names the keys (`INCR`, `RENAME`, `MSET`) or not (`EVAL`).
  @discardableResult
  public nonisolated(nonsending) func send(
    _ arguments: [RedisArgument]
  ) async throws -> RESPValue {
    try checked(await reply(to: [arguments]))
  }

  /// Sends commands as one transaction, `MULTI` … `EXEC`, like `RedisClient.transaction`; what it writes
  /// is forgotten here before it leaves.
  @discardableResult
  public nonisolated(nonsending) func transaction(
    _ commands: [[RedisArgument]]
  ) async throws -> [RESPValue] {
    if commands.isEmpty { return [] }
    let reply = try await reply(to: commands)
    // One command is a transaction of its own.
    if commands.count == 1 { return [try checked(reply)] }
    guard case .array(let replies) = try checked(reply) else {
      throw RedisError(server: redis.server, reason: .protocolDefect("EXEC failed"))
    }
    return replies
  }

  private nonisolated(nonsending) func reply(
    to commands: [[RedisArgument]]
  ) async throws -> RESPValue {
    let encoded = commands.map { command in
      var buffer = ByteBuffer()
      RedisArgument.encode(command, to: &buffer)
      return buffer.bytes.array
    }
    switch await proxy.reply(to: encoded, database: UInt32(clamping: redis.url.database)) {
    case .reply(let reply): return reply
    case .value(let value): return value.map { .bulkString($0) } ?? .null
    case .large:
      throw RedisError(server: redis.server, reason: .protocolDefect("a reply that is none"))
    case .failure(let error): throw redisError(error)
    }
  }

  private func checked(_ reply: RESPValue) throws -> RESPValue {
    if let error = reply.failure {
      throw RedisError(server: redis.server, reason: .errorReply(error))
    }
    return reply
  }

  private func redisError(_ error: any Error) -> any Error {
    guard let error = error as? ProxyError else { return error }
    let reason: RedisError.Reason =
      switch error {
      case .redis(let error): error.reason
      case .needsConnection: .commandRefused(error.description)
      case .pinnedLimit(let limit), .readLimit(let limit): .queueFull(limit: limit)
      case .requestTooLarge, .limiter: .queueFull(limit: Limits.requestBytesMax)
      }
    return RedisError(server: redis.server, reason: reason)
  }
}
