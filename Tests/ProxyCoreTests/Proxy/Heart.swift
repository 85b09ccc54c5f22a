import TestSupport

@testable import ProxyCore

/// A proxy on loops of its own, in front of a real server.
final class Heart: Sendable {
  let proxy: Proxy
  private let loops: [LoopThread]

  init(
    port: UInt16, loops count: Int = 2, _ change: (inout ProxySettings) -> Void = { _ in }
  ) throws {
    var settings = ProxySettings(url: RedisURL(port: port))
    // Many tests share the machine, and only some are about how long a connection may take.
    settings.connectTimeout = .seconds(20)
    settings.bePatient()
    change(&settings)
    loops = try (0..<count).map { _ in try LoopThread(name: "test-loop") }
    proxy = try Proxy(settings, loops: loops)
  }

  deinit {
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }

  /// The reply to a command, on some worker.
  @discardableResult
  func send(
    _ words: String..., worker: Int = 0, database: UInt32 = 0
  ) async throws -> RESPValue {
    try await send([words], worker: worker, database: database)
  }

  func send(
    _ commands: [[String]], worker: Int = 0, database: UInt32 = 0
  ) async throws -> RESPValue {
    let encoded = commands.map(Self.encoded)
    switch await proxy.reply(to: encoded, database: database, worker: worker) {
    case .reply(let reply): return reply
    case .failure(let error): throw error
    case .value, .large: throw Surprise()
    }
  }

  /// What a client of any front would get.
  func get(_ key: String, database: UInt32 = 0) async throws -> String? {
    switch await value(of: key, database: database) {
    case .value(let bytes): return bytes.map { String(decoding: $0, as: UTF8.self) }
    case .reply(.error(let error)): throw error
    case .failure(let error): throw error
    case .reply, .large: throw Surprise()
    }
  }

  func value(of key: String, database: UInt32) async -> TaskCaller.TaskOutcome {
    await proxy.value(of: Array(key.utf8), database: database)
  }

  /// Asks a worker for a key that the cache is not asked for first.
  func fetch(_ key: String, worker: Int) async -> TaskCaller.TaskOutcome {
    let caller = TaskCaller()
    let key = Array(key.utf8)
    _ = proxy.seats[worker].mailbox.send(
      .perform { worker, now in
        guard let worker else { return caller.end(.failure(Surprise())) }
        let hash = worker.hash(key.rawSpan)
        worker.fetch(key.rawSpan, hash: hash, database: 0, for: caller, ticket: 0, now: now)
      })
    return await caller.wait()
  }

  /// What is under way on all workers and in the cache.
  var census: (workers: [WorkerCensus], writes: Int, flights: Int, permits: Int) {
    let workers = loops.compactMap { loop in
      loop.perform { [proxy] in proxy.worker(on: $0)?.underWay ?? WorkerCensus() }
    }
    let (writes, flights) = proxy.cache.underWay
    return (workers, writes, flights, proxy.limiter.counts.permitsInUse)
  }

  /// What `body` finds on the first worker.
  func onWorker<Found: Sendable>(_ body: @escaping @Sendable (Worker) -> Found) -> Found? {
    loops[0].perform { [proxy] loop in proxy.worker(on: loop).map(body) } ?? nil
  }

  /// Whether nothing is under way, within a bounded time.
  func isQuiet() async -> Bool {
    await eventually {
      let census = self.census
      return census.workers.allSatisfy { $0 == WorkerCensus() } && census.writes == 0
        && census.flights == 0 && census.permits == 0
        && self.pinnedCount == 0
    }
  }

  static func encoded(_ words: [String]) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.appendCommand(argumentCount: words.count)
    for word in words { buffer.appendArgument(Array(word.utf8)) }
    return buffer.bytes.array
  }

  struct Surprise: Error {}
}

/// Whether something becomes true, in a time that only a broken program needs.
func eventually(_ condition: () -> Bool) async -> Bool {
  for _ in 0..<12_000 {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}
