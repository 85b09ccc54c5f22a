package import Synchronization

/// A loop's part of the proxy: its links, and what is under way for its clients.
///
/// A client asks with `fetch` and `pass` and is told by its `Caller`. Calls of one client that must
/// keep their order are the client's to keep: two on one link are executed in the order passed, all else
/// is not ordered (the rule "Order" in ARCHITECTURE.md).
package final class Worker {
  package let proxy: Proxy
  package let loop: EventLoop
  package let slowLog: SlowLog
  // The proxy's. Reached by way of it, their references would be counted for each request.
  let cache: ByteCache
  let limiter: ConcurrencyLimiter
  let counters: ProxyCounters
  let index: Int
  let resolver: LoopResolver
  /// What every command is, as far as Redis has told.
  @safe @exclusivity(unchecked) package internal(set) var commands: CommandTable
  /// The one of `commands` that was looked up last.
  @safe @exclusivity(unchecked) var recentCommand = RecentCommand()

  /// Databases that exist: those that Redis has let a client select.
  package var knownDatabases: Set<UInt32>

  /// Fetches that this worker's clients wait for.
  @safe @exclusivity(unchecked) var reads = TokenTable<Read>()
  /// Requests that are at Redis, or whose writes may still be.
  @safe @exclusivity(unchecked) var calls = TokenTable<Call>()
  /// Those who stand in line for a permit.
  var waits = TokenTable<Wait>()
  private let waker: PermitWaker
  private var expiry: TimerHandle?

  private(set) lazy var home = Home(self)
  var sharedLinks: [SharedLink.Name: SharedLink] = [:]
  @safe @exclusivity(unchecked) var recentShared = RecentLinks()
  /// All links of clients' own. This alone keeps one that is on its way back to the pool.
  var pinnedLinks: [ObjectIdentifier: PinnedLink] = [:]
  var pinnedIdle: [PinnedLink] = []
  var pinnedBusy = 0
  var fences = FenceDesk()
  /// What clients of this worker read, and how many reads pass until the next one is noted.
  @safe @exclusivity(unchecked) var hotKeys: HotKeySketch
  @safe @exclusivity(unchecked) var readsToPass: Int32 = 0
  private let gauge = Gauge()
  var meter: WorkerMeter {
    _read { yield gauge.meter }
    _modify { yield &gauge.meter }
  }
  /// Whether requests are written down. Atomic only because fronts look at it for each request that is answered
  /// from memory, and a variable of another module costs them a call or a check.
  package let accessSwitch = Atomic<Bool>(false)
  var accessLog: AccessLog? {
    didSet { accessSwitch.store(accessLog != nil, ordering: .relaxed) }
  }
  var holds = HoldQueue()
  /// Whether more than usual waits to be sent over some link, so that each is looked at before it gets more. Atomic
  /// for the same reason.
  package let floodSwitch = Atomic<Bool>(false)
  /// Those who wait until less waits to be sent over a shared link.
  var roomWaits: [any Caller] = []
  var silenceLookedAt = Moment(nanoseconds: 0)
  /// Links that have not been answered, and since when.
  var suspects: [ObjectIdentifier: Moment] = [:]
  /// When a connection that was made to see whether Redis answers was answered last.
  var probeAnsweredAt = Moment(nanoseconds: 0)
  var janitor: Janitor
  /// The probe that looks for another server, and when the next one may.
  var probe: ServerProbe?
  var probeDue = Moment(nanoseconds: 0)
  private(set) var isClosed = false

  init(_ proxy: Proxy, index: Int, on loop: EventLoop, resolver: NameResolver) {
    self.proxy = proxy
    self.index = index
    self.loop = loop
    slowLog = proxy.slowLog
    cache = proxy.cache
    limiter = proxy.limiter
    counters = proxy.counters
    self.resolver = LoopResolver(resolver, on: loop)
    commands = proxy.commands
    knownDatabases = [UInt32(clamping: proxy.settings.url.database)]
    waker = PermitWaker(proxy.seats[index].mailbox, limiter)
    hotKeys = HotKeySketch(seed: .random(in: 0...UInt64.max), now: loop.now)
    janitor = Janitor(of: cache, first: index, stride: proxy.workerCount)
    _ = loop.schedule(at: loop.now, self, token: Timer.janitor.rawValue)
    scheduleIdleCheck(now: loop.now)
    scheduleSilenceLook(now: loop.now)
    loop.turnObserver = gauge
  }

  // MARK: Mail

  func receive(_ message: WorkerMessage, now: Moment) {
    switch message {
    case .fetch(let key, let hash, let database, let reader):
      let request = Home.Request(hash: hash, database: database, reader: reader)
      home.fetch(key.rawSpan, request, now: now)
    case .abandoned(let reader, let hash, let database):
      home.abandon(reader, hash: hash, database: database, now: now)
    case .fetched(let readers, let outcome, let notes, let block):
      for reader in readers {
        deliver(reader.read, outcome, block, notes: notes.of(reader), now: now)
      }
    case .askYourself(let read, let key): askRedis(read, key: key.rawSpan, now: now)
    case .fence(let isPassed): home.fence(before: isPassed, now: now)
    case .beginFence: beginFence(now: now)
    case .waitEnded(let wait, let outcome): waitEnded(wait, outcome, now: now)
    case .renew: renewLinks(now: now)
    case .renewUnidentified(let moment, let withClients):
      renewUnidentified(readyBefore: moment, withClients: withClients, now: now)
    case .learned(let table):
      commands = table
      recentCommand = RecentCommand()
    case .perform(let work): work(self, now)
    }
  }

  func send(_ message: WorkerMessage, to worker: Int) {
    _ = proxy.seats[worker].mailbox.send(message)
  }

  /// Asks several loops for their parts of something; `end` takes them on this one, unless the worker has ended.
  package func gather<Part: Sendable>(
    from count: Int, ask: (_ number: Int, _ reply: @escaping @Sendable (Part) -> Void) -> Bool,
    end: @escaping ([Part?]) -> Void
  ) {
    let mailbox = proxy.seats[index].mailbox
    Gather(
      from: count,
      post: { work in _ = mailbox.send(.perform { worker, _ in if worker != nil { work() } }) },
      ask: ask, end: end)
  }

  // MARK: Permits

  /// What came of asking for a permit.
  package enum Admission: Equatable, Sendable {
    /// It is the caller's, to be passed on with a request or to be released.
    case granted
    /// `admitted` will be called.
    case waiting
    case refused(LimiterError)
  }

  /// Takes a permit for one request, or stands in line for it.
  package func admit(_ caller: any Caller, ticket: UInt64, now: Moment) -> Admission {
    admit(.caller(caller, ticket: ticket), now: now)
  }

  package func releasePermit() { limiter.release() }

  func admit(_ wait: Wait, now: Moment) -> Admission {
    if limiter.tryAcquire() { return .granted }
    let token = waits.insert(wait)
    switch limiter.acquire(now: now, waker: waker, tag: token) {
    case .granted:
      waits.remove(token)
      return .granted
    case .queued:
      scheduleExpiry()
      return .waiting
    case .refused(let limit):
      waits.remove(token)
      return .refused(.queueFull(limit: limit))
    case .timedOut:
      waits.remove(token)
      return .refused(.timedOut(after: limiter.queueTimeout ?? .zero))
    }
  }

  private func waitEnded(_ token: UInt64, _ outcome: LimiterOutcome, now: Moment) {
    guard let wait = waits.remove(token) else {
      if outcome == .granted { limiter.release() }
      return
    }
    let error: LimiterError? =
      outcome == .granted ? nil : .timedOut(after: limiter.queueTimeout ?? .zero)
    switch wait {
    case .caller(let caller, let ticket): caller.admitted(ticket, error, now: now)
    case .flight(let flight): home.admitted(flight, error, now: now)
    case .read(let read, let key):
      if let error {
        deliver(read, .failed(.limiter(error)), nil, now: now)
      } else {
        askWithPermit(read, key: key, now: now)
      }
    }
  }

  /// Every worker that has a wait looks when a deadline in the line has come.
  private func scheduleExpiry() {
    guard let deadline = limiter.earliestDeadline else { return }
    if let expiry, loop.reschedule(expiry, at: deadline) { return }
    expiry = loop.schedule(at: deadline, self, token: Timer.expiry.rawValue)
  }

  // MARK: The end

  func close(now: Moment) {
    isClosed = true
    loop.turnObserver = nil
    home.close(now: now)
    for link in sharedLinks.values { link.connection.close(now: now) }
    for link in pinnedLinks.values { link.connection.close(now: now) }
    probe?.close(now: now)
    sharedLinks = [:]
    recentShared = RecentLinks()
    abandonHolds()
    // Who waits for another worker or for a permit.
    let error = proxy.error(.closed)
    for call in calls.tokens { fail(call, wasSent: false, because: error, now: now) }
    for wait in waits.tokens {
      guard case .caller(let caller, let ticket) = waits.remove(wait) else { continue }
      caller.admitted(ticket, .timedOut(after: limiter.queueTimeout ?? .zero), now: now)
    }
    for read in reads.tokens { deliver(read, .failed(.redis(error)), nil, now: now) }
  }

  /// What is under way, for those who look for leaks.
  package var underWay: WorkerCensus {
    var census = WorkerCensus()
    census.reads = reads.count
    census.calls = calls.count
    census.waits = waits.count
    census.flights = home.flightCount
    census.fences = fences.count + home.fencePartCount
    census.holds = holds.count
    census.pinned = pinnedBusy
    return census
  }
}

extension Worker: TimerTarget {
  enum Timer: Int { case janitor, expiry, holds, idleLinks, silence, room }

  package func timerFired(_ token: Int, now: Moment) {
    switch Timer(rawValue: token) {
    case .janitor:
      if isClosed { return }
      let pause = janitor.work(on: cache, now: now)
      _ = loop.schedule(at: now.advanced(by: pause), self, token: Timer.janitor.rawValue)
    case .expiry:
      expiry = nil
      limiter.expire(now: now)
      scheduleExpiry()
    case .holds: endHolds(now: now)
    case .idleLinks:
      if isClosed { return }
      retireIdleLinks(now: now)
      scheduleIdleCheck(now: now)
    case .silence:
      if isClosed { return }
      lookForSilence(now: now)
      scheduleSilenceLook(now: now)
    case .room: offerRoom(now: now)
    case nil: break
    }
  }
}

// By calls: other modules do not see the attributes above.
extension Worker {
  /// When the loop's turn has begun.
  package var now: Moment { loop.now }

  /// Whether requests that take long are kept, and whether one that took so long is.
  package var keepsSlowRequests: Bool { slowLog.isOn }
  package func keepsSlowRequest(nanoseconds: Int64) -> Bool {
    slowLog.keeps(nanoseconds: nanoseconds)
  }

  /// Counts requests that were answered in the turn in which they were received.
  package func note(_ front: ClientFront, _ outcome: RequestOutcome, count: UInt32 = 1) {
    gauge.meter.note(front, outcome, count: count)
  }

  /// Counts a request that has been under way since `start`.
  package func record(
    _ front: ClientFront, _ outcome: RequestOutcome, since start: Moment, now: Moment
  ) {
    meter.record(front, outcome, since: start, now: now)
  }
}

extension Worker {
  /// What the worker counts, apart from the worker itself: that is referred to weakly, and to count other
  /// references to such an object takes several times as long, in every turn.
  private final class Gauge: TurnObserver {
    @safe @exclusivity(unchecked) var meter = WorkerMeter()

    func turnEnded(nanoseconds: Int64) { meter.turnEnded(nanoseconds: nanoseconds) }
  }
}

@available(*, unavailable)
extension Worker: Sendable {}

extension Worker {
  /// Who stands in line for a permit.
  enum Wait {
    case caller(any Caller, ticket: UInt64)
    case flight(UInt64)
    case read(UInt64, key: [UInt8])
  }
}

extension Proxy {
  /// Has requests written down from now on, or not any more. When it returns, nothing is added to the former
  /// log. Not from a loop.
  package func setAccessLog(_ log: AccessLog?) {
    for (loop, seat) in zip(loops, seats) {
      _ = loop.perform { _ in seat.worker?.accessLog = log }
    }
  }
}

extension Worker {
  /// Writes a request of this worker's down.
  package func writeDown(_ record: AccessRecord) { accessLog?.add(record, worker: index) }
}
