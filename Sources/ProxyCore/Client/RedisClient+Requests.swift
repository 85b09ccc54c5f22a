/// Any command.
extension RedisClient {
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

  /// The same, with the arguments in an array.
  @discardableResult
  public nonisolated(nonsending) func send(
    _ arguments: [RedisArgument]
  ) async throws -> RESPValue {
    let lane = lane
    if let why = SharedCommands.refusal(of: arguments) { throw lane.error(.commandRefused(why)) }
    let place = RequestPlace()
    defer { Handover.end() }
    return try await withTaskCancellationHandler {
      unsafe try await withUnsafeThrowingContinuation { task in
        lane.submit(unsafe .value(task), bytesMax: RedisArgument.encodedCountMax(arguments), place)
        {
          RedisArgument.encode(arguments, to: &$0)
        }
      }
    } onCancel: {
      if let number = place.abandon() { lane.cancel(number) }
    }
  }

  /// Sends commands one behind the other and returns their replies in the same order.
  ///
  /// ```swift
  /// let replies = try await redis.pipeline([["SET", "a", "1"], ["INCR", "a"], ["GET", "a"]])
  /// print(replies[1].int ?? 0)
  /// ```
  ///
  /// An error that Redis answers to one of them is an element like any other (`RESPValue.failure`):
  /// it does not keep the others from being executed. Other clients' commands may come between
  /// them; see `transaction`.
  ///
  /// - Throws: `RedisError` where the replies do not come; some of the commands may have been
  ///   executed then. `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func pipeline(
    _ commands: [[any RedisArgumentConvertible]]
  ) async throws -> [RESPValue] {
    try await pipeline(commands.map { $0.map(\.redisArgument) })
  }

  /// The same, with arguments that are ready.
  @discardableResult
  public nonisolated(nonsending) func pipeline(
    _ commands: [[RedisArgument]]
  ) async throws -> [RESPValue] {
    try check(commands)
    if commands.isEmpty { return [] }
    return try await replies(to: commands.count, bytesMax: Self.bytesMax(of: commands)) { output in
      for command in commands { RedisArgument.encode(command, to: &output) }
    }
  }

  /// Sends commands as one transaction, `MULTI` … `EXEC`, and returns their replies in the same
  /// order: all are executed with nobody's commands between them, or none is.
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

  /// The same, with arguments that are ready.
  @discardableResult
  public nonisolated(nonsending) func transaction(
    _ commands: [[RedisArgument]]
  ) async throws -> [RESPValue] {
    try check(commands)
    if commands.isEmpty { return [] }
    let bytesMax = Self.bytesMax(of: commands) &+ Self.transactionBytes
    let replies = try await replies(to: commands.count + 2, bytesMax: bytesMax) { output in
      output.append("*1\r\n$5\r\nMULTI\r\n")
      for command in commands { RedisArgument.encode(command, to: &output) }
      output.append("*1\r\n$4\r\nEXEC\r\n")
    }
    if case .array(let results)? = replies.last { return results }
    // The first error says why; the one of EXEC only that there was one.
    let error = replies.lazy.compactMap(\.failure).first
    throw RedisError(
      server: server, reason: error.map { .errorReply($0) } ?? .protocolDefect("EXEC failed"))
  }

  private nonisolated(nonsending) func replies(
    to count: Int, bytesMax: Int, _ encode: (inout ByteBuffer) -> Void
  ) async throws -> [RESPValue] {
    let lane = lane
    let place = RequestPlace()
    defer { Handover.end() }
    return try await withTaskCancellationHandler {
      unsafe try await withUnsafeThrowingContinuation { task in
        let replies = unsafe SeveralReplies(count, for: task)
        lane.submit(.several(replies), count: count, bytesMax: bytesMax, place, encode)
      }
    } onCancel: {
      if let number = place.abandon() { lane.cancel(number) }
    }
  }

  private func check(_ commands: [[RedisArgument]]) throws {
    for command in commands {
      if let why = SharedCommands.refusal(of: command) {
        throw RedisError(server: server, reason: .commandRefused(why))
      }
    }
  }

  private static func bytesMax(of commands: [[RedisArgument]]) -> Int {
    commands.reduce(0) { $0 &+ RedisArgument.encodedCountMax($1) }
  }

  private static let transactionBytes = 32
}
