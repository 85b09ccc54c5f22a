internal import Synchronization

/// A client of one Redis, for any number of tasks at once.
///
/// All tasks share a connection (one a loop), so that the requests of many leave in one packet, and
/// a task waits for its own reply only. Make one client for a server and keep it; there is no pool
/// to size.
///
/// ```swift
/// let redis = try await RedisClient(connectingTo: "redis://127.0.0.1:6379")
///
/// try await redis.set("name", "Ada", expiry: .seconds(60))
/// let name = try await redis.getString("name")
/// let visits = try await redis.send("INCRBY", "visits", 2).int
/// let both = try await redis.pipeline([["SET", "a", "1"], ["GET", "a"]])
/// ```
///
/// **Order.** What one task does one after the other reaches Redis in that order. Of what
/// concurrent tasks do, any may come first.
///
/// **Failure.** Every error names its server. A request that was lost with its connection says
/// whether it may have been executed (`RedisError.isOutcomeUnknown`) and is never repeated, but for
/// a `get`, which is repeated once. The client connects again by itself, at once the first time and
/// then with growing pauses, during which requests fail at once rather than wait.
///
/// **Cancellation.** A task that is cancelled gets its `CancellationError` at once. Whether Redis
/// executes what was sent is not changed by it.
///
/// Each request costs O(bytes), and no allocation but for its result and what Swift needs to
/// suspend a task.
public final class RedisClient: Sendable {
  /// The server, the user and the database.
  package let url: RedisURL
  let connectTimeout: Duration
  /// The loops that the client's links live on; others may live there too.
  package let threads: [LoopThread]

  /// All the workers there are, `first` included: most clients have no other, and finding that
  /// out must not cost them anything.
  private let workers: [ClientWorker]
  private let first: ClientWorker
  private let hasOneWorker: Bool
  private let turn = Atomic<Int>(0)

  /// Connects to the server that `url` names, `redis://user:password@host:port/database`, and
  /// returns when it answers.
  ///
  /// - Throws: `RedisURLError` where the text is no such URL; `RedisError`, which says which server
  ///   and why, where the first attempt fails.
  public nonisolated(nonsending) convenience init(
    connectingTo url: String, options: RedisClientOptions = RedisClientOptions()
  ) async throws {
    try await self.init(connectingTo: RedisURL(url), options: options)
  }

  /// Connects to the server of `url` and returns when it answers.
  ///
  /// - Throws: `RedisError`, which says which server and why, where the first attempt fails.
  public nonisolated(nonsending) init(
    connectingTo url: RedisURL, options: RedisClientOptions = RedisClientOptions()
  ) async throws {
    self.url = url
    connectTimeout = options.connectTimeout
    do throws(SystemError) {
      let resolver = try NameResolver()
      threads = try Self.startThreads(options.loopsClamped)
      workers = threads.compactMap { thread in
        thread.perform { loop in
          ClientLink.makeWorker(options.profile(of: url), options, resolver, on: loop)
        }
      }
    } catch {
      throw RedisError(server: url.server, reason: .connectFailed(error.description))
    }
    guard let first = workers.first else { throw RedisError(server: url.server, reason: .closed) }
    self.first = first
    hasOneWorker = workers.count == 1
    // It waits for the connection, and fails with what the first attempt at one meets.
    do {
      _ = try await send([RedisArgument("PING")])
    } catch let error as RedisError {
      // A user that may not say PING is connected all the same.
      guard case .errorReply = error.reason else { throw error }
    }
  }

  private static func startThreads(_ count: Int) throws(SystemError) -> [LoopThread] {
    var threads: [LoopThread] = []
    for _ in 0..<count { threads.append(try LoopThread(name: "redis-client")) }
    return threads
  }

  /// Where the server is, as errors name it: `127.0.0.1:6379`.
  public var server: String { url.server }

  /// Requests whose replies have not come, those included whose tasks no longer wait for them.
  /// O(loops).
  public var requestsInFlight: Int { workers.reduce(0) { $0 + $1.requestCount } }

  /// Ends the client: refuses requests from now on, and returns when those in flight have been
  /// answered or, after five seconds, have failed.
  ///
  /// A client whose last reference is gone ends by itself.
  public nonisolated(nonsending) func close() async {
    await withTaskGroup(of: Void.self) { group in
      for worker in workers { group.addTask { await worker.close() } }
    }
    for thread in threads { thread.stop() }
  }

  /// The worker of the next request.
  var worker: ClientWorker {
    if hasOneWorker { return first }
    let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return workers[Int(UInt(bitPattern: number) % UInt(workers.count))]
  }
}

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
