/// Any command.
extension RedisClient {
  /// Sends a command, its name first, and returns the reply; `send` with the arguments one by one says
  /// more.
  @discardableResult
  public nonisolated(nonsending) func send(
    _ arguments: [RedisArgument]
  ) async throws -> RESPValue {
    let worker = worker
    if let why = SharedCommands.refusal(of: arguments) { throw worker.error(.commandRefused(why)) }
    let place = RequestPlace()
    defer { Handover.end() }
    return try await withTaskCancellationHandler {
      unsafe try await withUnsafeThrowingContinuation { task in
        worker.submit(
          unsafe .value(task), bytesMax: RedisArgument.encodedCountMax(arguments), place
        ) {
          RedisArgument.encode(arguments, to: &$0)
        }
      }
    } onCancel: {
      if let number = place.abandon() { worker.cancel(number) }
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

  /// Sends commands as one transaction, with arguments that are ready.
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
    let worker = worker
    let place = RequestPlace()
    defer { Handover.end() }
    return try await withTaskCancellationHandler {
      unsafe try await withUnsafeThrowingContinuation { task in
        let replies = unsafe SeveralReplies(count, for: task)
        worker.submit(.several(replies), count: count, bytesMax: bytesMax, place, encode)
      }
    } onCancel: {
      if let number = place.abandon() { worker.cancel(number) }
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
