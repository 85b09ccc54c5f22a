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

  /// All the workers there are, of which `first` is one: most clients have no other, and finding that
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
      // Whoever may not say PING is connected all the same.
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
  /// A client that nobody holds any more ends by itself.
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
