/// What can be asked of a Redis, whether directly (`RedisClient`) or by way of a near cache (`CachedRedis`).
///
/// Code that is written against it works with both, and so can be given a near cache later.
public protocol RedisCommands: Sendable {
  /// Which server it is, as `host:port`.
  var server: String { get }

  /// The bytes of the string at `key`, or nil where there is none.
  ///
  /// - Throws: `RedisError`, `.errorReply` where the key holds no string; `CancellationError`.
  nonisolated(nonsending) func get(
    _ key: some RedisArgumentConvertible
  ) async throws -> [UInt8]?

  /// Sends a command, its name first, and returns the reply.
  ///
  /// - Throws: `RedisError`, also where Redis answers with an error: the reason is then
  ///   `.errorReply`; `CancellationError`.
  @discardableResult
  nonisolated(nonsending) func send(_ arguments: [RedisArgument]) async throws -> RESPValue

  /// Sends commands as one transaction, `MULTI` … `EXEC`, and returns their replies in the same order.
  @discardableResult
  nonisolated(nonsending) func transaction(
    _ commands: [[RedisArgument]]
  ) async throws -> [RESPValue]
}

extension RedisCommands {
  /// Sends a command, its name first, and returns the reply.
  ///
  /// ```swift
  /// let visits = try await redis.send("INCRBY", "visits", 2).int
  /// let user = try await redis.send("HGETALL", "user:\(id)")
  /// let name = user["name"]?.string
  /// ```
  ///
  /// Commands that would change or hold up the connection, which others share, are refused before
  /// they are sent, with `RedisError.Reason.commandRefused`: subscriptions, MONITOR, blocking
  /// commands, MULTI and WATCH by hand, SELECT, AUTH and the like.
  ///
  /// - Throws: `RedisError`, also where Redis answers with an error: the reason is then
  ///   `.errorReply`; `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func send(
    _ arguments: any RedisArgumentConvertible...
  ) async throws -> RESPValue {
    try await send(arguments.map(\.redisArgument))
  }

  /// Sends commands as one transaction, `MULTI` … `EXEC`, and returns their replies in the same
  /// order: all are executed without others' commands between them, or none is.
  ///
  /// ```swift
  /// let replies = try await redis.transaction([
  ///   ["DECRBY", "account:1", 10],
  ///   ["INCRBY", "account:2", 10],
  /// ])
  /// ```
  ///
  /// As Redis has it, a command that fails when its turn comes, because its key holds something
  /// else for one, does not undo the others: its error is an element.
  ///
  /// - Throws: `RedisError` with `.errorReply` where Redis refuses one of the commands beforehand,
  ///   which is that command's error; none is executed then. Other `RedisError`s where the replies
  ///   do not come. `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func transaction(
    _ commands: [[any RedisArgumentConvertible]]
  ) async throws -> [RESPValue] {
    try await transaction(commands.map { $0.map(\.redisArgument) })
  }

  /// The text of the string at `key`, or nil where there is none. Bytes that are not UTF-8 are
  /// replaced; see `get` for the rest.
  public nonisolated(nonsending) func getString(
    _ key: some RedisArgumentConvertible
  ) async throws -> String? {
    try await get(key).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Stores `value` at `key`, whatever was there before.
  ///
  /// ```swift
  /// try await redis.set("name", "Ada")
  /// try await redis.set("session:7", token, expiry: .seconds(1_800))
  /// let isMine = try await redis.set("lock", owner, expiry: .seconds(5), onlyIf: .absent)
  /// ```
  ///
  /// - Parameters:
  ///   - key: Under which it is found.
  ///   - value: What is stored, in place of whatever was there, of whatever kind.
  ///   - expiry: When the key is to go; nil: never, also where it was to go before.
  ///   - condition: What must hold, or else nothing is done.
  /// - Returns: Whether it was stored, which without a condition it is.
  @discardableResult
  public nonisolated(nonsending) func set(
    _ key: some RedisArgumentConvertible, _ value: some RedisArgumentConvertible,
    expiry: RedisExpiry? = nil, onlyIf condition: RedisCondition? = nil
  ) async throws -> Bool {
    try await !send(setting(key, value, expiry, condition)).isNull
  }

  /// Stores `value` at `key` and returns the bytes that were there, or nil where nothing was.
  ///
  /// With a condition, before Redis 7.0 only `.exists` is allowed here. Whether it held follows
  /// from the result: it is nil exactly where there was no such key.
  ///
  /// - Throws: `RedisError`, `.errorReply` where the key held no string, which it then keeps.
  @discardableResult
  public nonisolated(nonsending) func exchange(
    _ key: some RedisArgumentConvertible, for value: some RedisArgumentConvertible,
    expiry: RedisExpiry? = nil, onlyIf condition: RedisCondition? = nil
  ) async throws -> [UInt8]? {
    try await send(setting(key, value, expiry, condition) + ["GET"]).bytes
  }

  /// Removes the keys, whatever they hold, and returns how many there were. Without keys nothing
  /// is sent.
  @discardableResult
  public nonisolated(nonsending) func delete(
    _ keys: any RedisArgumentConvertible...
  ) async throws -> Int {
    if keys.isEmpty { return 0 }
    let reply = try await send(["DEL"] + keys.map(\.redisArgument))
    guard case .integer(let count) = reply else {
      throw RedisError(server: server, reason: .protocolDefect("DEL answered with no number"))
    }
    return count
  }

  private func setting(
    _ key: some RedisArgumentConvertible, _ value: some RedisArgumentConvertible,
    _ expiry: RedisExpiry?, _ condition: RedisCondition?
  ) -> [RedisArgument] {
    var arguments = ["SET", key.redisArgument, value.redisArgument]
    switch expiry {
    case .seconds(let count): arguments += ["EX", RedisArgument(count)]
    case .milliseconds(let count): arguments += ["PX", RedisArgument(count)]
    case .atSecond(let time): arguments += ["EXAT", RedisArgument(time)]
    case .atMillisecond(let time): arguments += ["PXAT", RedisArgument(time)]
    case .unchanged: arguments.append("KEEPTTL")
    case nil: break
    }
    switch condition {
    case .absent: arguments.append("NX")
    case .exists: arguments.append("XX")
    case nil: break
    }
    return arguments
  }
}
