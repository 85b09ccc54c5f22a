/// Reading strings, which is most of what is asked.
extension RedisClient: RedisCommands {
  /// The bytes of the string at `key`, or nil where there is none.
  ///
  /// A connection that is lost meanwhile is no reason to fail: the request is repeated once.
  ///
  /// - Throws: `RedisError`, `.errorReply` where the key holds no string; `CancellationError`.
  public nonisolated(nonsending) func get(
    _ key: some RedisArgumentConvertible
  ) async throws -> [UInt8]? {
    let key = key.redisArgument
    do {
      return try await bytes(of: key)
    } catch let error as RedisError {
      guard case .connectionLost = error.reason else { throw error }
      return try await bytes(of: key)
    }
  }

  private nonisolated(nonsending) func bytes(of key: RedisArgument) async throws -> [UInt8]? {
    let worker = worker
    let place = RequestPlace()
    defer { Handover.end() }
    return try await withTaskCancellationHandler {
      unsafe try await withUnsafeThrowingContinuation { task in
        worker.submit(unsafe .string(task), bytesMax: key.encodedCountMax &+ 13, place) {
          $0.appendCommand(argumentCount: 2)
          $0.appendArgument("GET")
          key.encode(to: &$0)
        }
      }
    } onCancel: {
      if let number = place.abandon() { worker.cancel(number) }
    }
  }
}
