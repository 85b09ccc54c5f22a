internal import Synchronization

/// The heart: one memory, coherent with one Redis, for any number of clients on any number of loops.
///
/// ```
///   client ─▶ Worker.find ── hit ────────────────────────────────────────▶ client
///               │ miss
///               ▼
///             Worker.fetch ─▶ (mailbox) ─▶ Home of the key: join a flight, or GET + PTTL on its fill link
///
///   client ─▶ Worker.beginIntent ─▶ Worker.pass ─▶ shared, pinned or control link ─▶ fence? ─▶ client
/// ```
///
/// What loops share is here: the cache, the limiter, the generations, which server it is. Each loop has
/// a `Worker` for all else, and nothing of a worker is touched by another thread.
///
/// Locks, never two at a time: a shard's, the limiter's, the proxy's own.
@safe
package final class Proxy: Sendable {
  package let settings: ProxySettings
  package let cache: ByteCache
  package let limiter: ConcurrencyLimiter
  package let counters = ProxyCounters()
  package let slowLog: SlowLog
  /// The clients of all fronts.
  package let clients: ClientQuota
  /// What those clients have not read.
  package let clientOutput: ClientLedger
  /// What they have sent of requests that have not ended.
  package let clientInput: ClientLedger
  let seats: [WorkerSeat]
  let loops: [LoopThread]

  /// Fill links that are ready without tracking.
  let untrackedLinks = Atomic<Int>(0)
  /// Links of clients' own that are with a client, or not yet back in a pool.
  let pinnedCount = Atomic<Int>(0)
  private let turn = Atomic<Int>(0)
  // Some of the settings, as they are now.
  private let pinnedMaxNow: Atomic<Int>
  private let refusalsMaxNow: Atomic<Int>
  private let staleIfErrorNow: Atomic<Int64>
  /// Links of any kind that are ready.
  let readyLinks = Atomic<Int>(0)
  /// When Redis was heard last, over any link, as far as workers have looked; and since when it counts as away
  /// although there are links, or 0.
  let heardAt = Atomic<Int64>(0)
  let silentSince = Atomic<Int64>(0)
  /// When the last of them was lost, or Redis began to count as away.
  let awaySince = Atomic<Int64>(0)
  /// What entity tags are made with.
  private let contentSeedNow: Atomic<UInt64>
  /// What was said last about the way to Redis, so that it is said once: neither of the first two at
  /// the start.
  let isKnownConnected = Atomic<Bool>(false)
  let isKnownAway = Atomic<Bool>(false)
  let isKnownUntracked = Atomic<Bool>(false)
  let isKnownUnidentified = Atomic<Bool>(false)
  let fencedRequests = FencedRequests()
  /// What Redis did not let the proxy's own user do when it was last asked, by bits that fronts give meaning.
  let refusedRights = Atomic<UInt8>(0)
  /// When Redis last did not answer such a question in time, or 0.
  let unheardSince = Atomic<Int64>(0)

  private let lock = Lock()
  // Unsafe because the compiler cannot see that only `locked` touches it, which holds the lock: Mutex, which
  // it could see through, is not understood by the thread sanitizer.
  private nonisolated(unsafe) var shared: Shared

  /// What changes seldom.
  private struct Shared {
    var runID: [UInt8]?
    var version: [UInt8]?
    var isReplica = false
    var table = CommandTable.builtIn
    /// Which server the commands were last asked of.
    var learnedFrom: [UInt8]?
    var isLearning = false
    /// Why there was no link when the last one was lost, or was not made.
    var lastFailure: RedisError?
    /// What is known of exchanged databases.
    var swapWatch = SwapWatch()
    var hasSwapWatch = false
  }

  /// A proxy on `loops`, which end after it.
  package init(_ settings: ProxySettings, loops: [LoopThread]) throws(SystemError) {
    precondition(!loops.isEmpty && loops.count <= Limits.workersMax, "a proxy needs loops")
    self.settings = settings
    self.loops = loops
    pinnedMaxNow = Atomic(settings.pinnedMax)
    refusalsMaxNow = Atomic(settings.refusalsMax)
    staleIfErrorNow = Atomic(settings.staleIfError.clampedNanoseconds)
    clients = ClientQuota(limit: settings.clientsMax)
    let remotes = loops.map(\.remote)
    clientOutput = ClientLedger(.output, limit: settings.outputBytesMax, loops: remotes)
    clientInput = ClientLedger(.input, limit: settings.inputBytesMax, loops: remotes)
    cache = ByteCache(
      capacity: settings.capacity, bytesMax: settings.bytesMax,
      valueBytesMax: settings.valueBytesMax, timeToLive: settings.timeToLive,
      trust: Trust(homes: loops.count, isChecked: settings.rules.contains(.generations)),
      now: .now)
    limiter = ConcurrencyLimiter(
      permits: settings.permits, queueLimit: settings.queueLimit,
      queueTimeout: settings.queueTimeout)
    unsafe shared = Shared()
    contentSeedNow = Atomic(Self.contentSeed(Array((settings.url.password ?? "").utf8)))
    slowLog = SlowLog(threshold: settings.slowThreshold, countMax: settings.slowRequestsMax)
    let resolver = try NameResolver()
    seats = loops.compactMap { loop in loop.perform { WorkerSeat(on: $0) } }
    for (index, loop) in loops.enumerated() {
      _ = loop.perform { [self] in
        seats[index].worker = Worker(self, index: index, on: $0, resolver: resolver)
      }
    }
  }

  /// Entries that are there included: so what fill links have filled may be in memory for longer, first. Not from a
  /// loop.
  package func setTimeToLive(_ timeToLive: Duration?) {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { loop in
        for link in seat.worker?.home.links.values ?? [:].values {
          link.entriesMayAge(to: timeToLive, now: loop.now)
        }
      }
    }
    cache.setTimeToLive(timeToLive)
  }

  /// How many links may be clients' own. Lowered, it ends none: clients keep theirs until they are done.
  package var pinnedMax: Int {
    get { pinnedMaxNow.load(ordering: .relaxed) }
    set { pinnedMaxNow.store(newValue, ordering: .relaxed) }
  }

  /// How many clients of a loop and a front may be told at once why they are turned away.
  package var refusalsMax: Int {
    get { refusalsMaxNow.load(ordering: .relaxed) }
    set { refusalsMaxNow.store(newValue, ordering: .relaxed) }
  }

  /// For how long last known values may be answered while Redis is away.
  package var staleIfError: Duration {
    get { .nanoseconds(staleIfErrorNow.load(ordering: .relaxed)) }
    set { staleIfErrorNow.store(newValue.clampedNanoseconds, ordering: .relaxed) }
  }

  /// Closes all links; requests that wait for a reply fail. Not from a loop.
  package func close() {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { loop in
        seat.worker?.close(now: loop.now)
        seat.worker = nil
      }
    }
  }

  /// The same, soon; from anywhere.
  func closeSoon() {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.remote.post { loop in
        seat.worker?.close(now: loop.now)
        seat.worker = nil
      }
    }
  }

  package var workerCount: Int { seats.count }

  /// The worker of the loop on whose thread this is called.
  package func worker(on loop: EventLoop) -> Worker? {
    for seat in seats where seat.remote === loop.remote { return seat.worker }
    return nil
  }

  /// Workers in turn, for requests that may go over any.
  func nextWorker() -> Int {
    if seats.count == 1 { return 0 }
    let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return Int(UInt(bitPattern: number) % UInt(seats.count))
  }

  // MARK: Keys and their homes

  /// The worker whose fill link fetches a key: one order for all its fills.
  func home(of hash: UInt64) -> Int { cache.trust.home(of: hash) }

  /// Trusts nothing any more that the links of a worker have filled.
  func endGeneration(of worker: Int) {
    counters.generations.wrappingAdd(1, ordering: .relaxed)
    if cache.trust.endGeneration(of: worker) { cache.removeAll() }
  }

  /// Whether last known values may be answered: Redis is away, which is when no link works, and not for
  /// longer than the operator allows.
  func mayBeStale(now: Moment) -> Bool {
    let patience = staleIfError
    guard patience > .zero, !isConnected else { return false }
    let since = Moment(nanoseconds: awaySince.load(ordering: .relaxed))
    return now.since(since) <= patience
  }

  /// Whether everything that is cached is tracked, as far as is known.
  package var isTracking: Bool {
    settings.coherence != .timeToLive && untrackedLinks.load(ordering: .relaxed) == 0
  }

  var capacityIsZero: Bool { cache.capacity == 0 }

  func error(_ reason: RedisError.Reason) -> RedisError {
    RedisError(server: settings.url.server, reason: reason)
  }

  // MARK: The server

  /// Whether this is the server that the other links have reached; the first one is.
  func agree(on runID: [UInt8]?) -> Bool {
    guard let runID else { return true }
    return locked { shared in
      if shared.runID == nil {
        shared.runID = runID
        contentSeedNow.store(Self.contentSeed(runID), ordering: .relaxed)
      }
      return shared.runID == runID
    }
  }

  /// A secret that all instances before one Redis share, and that only who may say `INFO` there can know: what
  /// Redis calls itself, or what is known until it has said so.
  package var contentSeed: UInt64 { contentSeedNow.load(ordering: .relaxed) }

  private static func contentSeed(_ secret: [UInt8]) -> UInt64 {
    SipHash(key0: 0x7072_6f78_7964, key1: 0x4554_6167).hash(secret.rawSpan)
  }

  var runID: [UInt8]? { locked { $0.runID } }

  /// What a link's greeting has taught: RESP2 does not tell all of it.
  func noteServer(_ server: LinkServer) {
    locked { shared in
      shared.version = server.version ?? shared.version
      if server.speaks == .three { shared.isReplica = server.isReplica }
    }
  }

  func noteFailure(_ error: RedisError) { locked { $0.lastFailure = error } }
  var lastFailure: RedisError? { locked { $0.lastFailure } }

  /// The version of the Redis in use, once a link has reached it, and whether it is a replica.
  package var server: (version: [UInt8]?, isReplica: Bool) {
    locked { ($0.version, $0.isReplica) }
  }

  /// Another server answers than `former`: nothing that is known holds any more, and all links go to the
  /// new one. Of all links that find out, only the first says something new.
  func serverWasReplaced(_ former: [UInt8]?) {
    let isNews = locked { shared in
      guard former != nil, shared.runID == former else { return false }
      shared.runID = nil
      shared.swapWatch = SwapWatch()
      shared.hasSwapWatch = false
      return true
    }
    guard isNews else { return }
    cache.removeAll()
    for seat in seats { _ = seat.mailbox.send(.renew) }
  }

  var swapWatch: SwapWatch { locked { $0.swapWatch } }

  func noteDatabases(
    _ databases: [UInt32], _ counts: SwapWatch.Counts?, executed: Int, now: Moment
  ) {
    locked { $0.swapWatch.note(databases, counts, executed: executed, now: now) }
  }

  func noteSettled(executed: Int) { locked { $0.swapWatch.noteSettled(executed: executed) } }

  /// Whether the caller is to look first: once for each server.
  func beginsSwapWatch() -> Bool {
    locked { shared in
      defer { shared.hasSwapWatch = true }
      return !shared.hasSwapWatch
    }
  }

  // MARK: Commands

  /// What the commands of the Redis in use are, as far as it has told.
  package var commands: CommandTable { locked { $0.table } }

  /// Whether the caller is to ask this server for its commands: once each, one at a time.
  func beginLearning(from runID: [UInt8]?) -> Bool {
    locked { shared in
      if shared.isLearning || (shared.learnedFrom != nil && shared.learnedFrom == runID) {
        return false
      }
      shared.isLearning = true
      shared.learnedFrom = runID ?? []
      return true
    }
  }

  /// The end of it; nil where Redis did not tell.
  func endLearning(_ table: CommandTable?) {
    locked { shared in
      shared.isLearning = false
      if let table { shared.table = table }
    }
    guard let table else { return }
    for seat in seats { _ = seat.mailbox.send(.learned(table)) }
  }

  /// Modules have come or gone: the next one to ask is to ask again.
  func forgetCommands() { locked { $0.learnedFrom = nil } }

  private func locked<Result>(_ body: (inout Shared) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return unsafe body(&shared)
  }
}
