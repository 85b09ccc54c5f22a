/// What tasks ask of a worker: whole commands, answered with trees.
///
/// Each call is a client of its own with one command: tasks order theirs by waiting.
extension Worker {
  /// One command, or one transaction, of a task.
  struct TaskRequest: Sendable {
    /// Commands as Redis reads them, each in its own array.
    let commands: [[UInt8]]
    let database: UInt32
    let caller: TaskCaller
  }

  /// Executes it as any front would. O(its bytes).
  func execute(_ request: TaskRequest, now: Moment) {
    var plan = TaskPlan()
    for command in request.commands {
      if let refusal = plan.add(command, commands) {
        return request.caller.failed(0, because: refusal, now: now)
      }
    }
    guard plan.needsPermit else { return depart(request, plan, holdsPermit: false, now: now) }
    request.caller.whenAdmitted = { [unowned self, request, plan] now in
      // Cancelled in time, so that nothing has to be done.
      if request.caller.hasEnded { return releasePermit() }
      depart(request, plan, holdsPermit: true, now: now)
    }
    switch admit(request.caller, ticket: 0, now: now) {
    case .granted: request.caller.admitted(0, nil, now: now)
    case .waiting: break
    case .refused(let error): request.caller.admitted(0, error, now: now)
    }
  }

  private func depart(
    _ request: TaskRequest, _ plan: TaskPlan, holdsPermit: Bool, now: Moment
  ) {
    var link: PinnedLink?
    do throws(ProxyError) {
      if plan.isPinned { link = try pin(.three, database: request.database, for: request.caller) }
      if plan.endsLink { link?.endWithClient() }
      request.caller.link = link.map { (self, $0, plan.leavesState) }
      let way: Passage.Way =
        link.map { .pinned($0) } ?? (plan.isControl ? .control : .shared(.three, plan.strand))
      var passage = Passage(way, database: request.database, effect: plan.effect)
      passage.holdsPermit = holdsPermit
      passage.delivery = .tree
      for (number, place) in plan.intents(ofTransaction: request.commands.count > 1) {
        let command = request.commands[number]
        let key = command.rawSpan.extracting(place)
        beginIntent(key, hash: hash(key), &passage.intents)
      }
      if request.commands.count > 1 {
        passage.delivery = .treeAfter(UInt32(clamping: request.commands.count + 1))
      }
      let bytes =
        request.commands.count > 1
        ? Self.transaction(of: request.commands) : request.commands[0]
      try pass(bytes.rawSpan, passage, for: request.caller, ticket: 0, now: now)
    } catch {
      if case .pinnedLimit = error, holdsPermit { releasePermit() }
      request.caller.failed(0, because: error, now: now)
    }
  }

  private static func transaction(of commands: [[UInt8]]) -> [UInt8] {
    var whole = Array("*1\r\n$5\r\nMULTI\r\n".utf8)
    for command in commands { whole += command }
    whole += Array("*1\r\n$4\r\nEXEC\r\n".utf8)
    return whole
  }
}

/// What the commands of one request are together.
struct TaskPlan: Sendable {
  var effect = CommandEffect.none
  var strand = CommandStrand.reads
  var needsPermit = true
  var isPinned = false
  var isControl = false
  var leavesState = false
  /// Whether the link is not to be used again.
  var endsLink = false
  /// Each key: in which command, where in its bytes, and whether it is written.
  private var keys: [(command: Int, place: Range<Int>, isWritten: Bool)] = []
  private var count = 0

  /// Adds a command; says why it cannot be passed on, if so.
  mutating func add(_ command: [UInt8], _ table: CommandTable) -> ProxyError? {
    var parser = RequestParser()
    var keys = KeyList()
    var verdict = parser.parse(command.rawSpan)
    while case .large = verdict {
      // Others' replies must not wait until it has gone.
      isPinned = true
      parser.keepBuffering()
      verdict = parser.parse(command.rawSpan)
    }
    guard case .command = verdict else { return .requestTooLarge }
    let spec = table.classify(parser.arguments, in: command.rawSpan, keys: &keys)
    switch spec.routing {
    case .shared: break
    case .control: isControl = true
    case .blocking: isPinned = true
    case .solitary:
      isPinned = true
      endsLink = true
    case .unknown:
      isPinned = true
      leavesState = true
    case .transaction, .transactionEnd, .subscription, .session, .kept, .wait, .refused:
      return .needsConnection(table.name(at: spec.index))
    }
    if isPinned || isControl { needsPermit = false }
    effect = max(effect, spec.effect)
    strand = .max(strand, spec.strand)
    for place in 0..<keys.count {
      self.keys.append(
        (count, parser.arguments[keys[place].argument].range, keys[place].isWritten))
    }
    count += 1
    return nil
  }

  /// The keys of which nothing is to be known meanwhile, and in which command each is: those that are
  /// written, and all that a transaction names, as for EXEC of a client.
  func intents(ofTransaction isTransaction: Bool) -> [(command: Int, key: Range<Int>)] {
    keys.filter { isTransaction || $0.isWritten }.map { ($0.command, $0.place) }
  }
}

extension CommandEffect: Comparable {
  /// By how much the cache has to do about it.
  package static func < (left: CommandEffect, right: CommandEffect) -> Bool {
    left.weight < right.weight
  }

  private var weight: Int {
    switch self {
    case .none: 0
    case .reads: 1
    case .writes: 2
    case .fence: 3
    case .empties: 4
    }
  }
}

/// A task that waits for a worker. Everything but its end happens on the worker's loop.
// Unchecked because only the worker's loop touches `link` and `whenAdmitted`, and `lock` guards the rest.
final class TaskCaller: Caller, @unchecked Sendable {
  enum Outcome: Sendable {
    case value([UInt8]?)
    case large
    case reply(RESPValue)
    case failure(any Error)
  }

  var link: (Worker, PinnedLink, leavesState: Bool)?
  var whenAdmitted: ((Moment) -> Void)?
  private let lock = Lock()
  private var waiting: CheckedContinuation<Outcome, Never>?
  private var outcome: Outcome?

  /// The outcome, once it is there. For one task.
  func wait() async -> Outcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        lock.acquire()
        let known = outcome
        if known == nil { waiting = continuation }
        lock.release()
        if let known { continuation.resume(returning: known) }
      }
    } onCancel: {
      end(.failure(CancellationError()))
    }
  }

  /// The first outcome counts.
  func end(_ outcome: Outcome) {
    lock.acquire()
    let waiting = waiting.take()
    let isFirst = self.outcome == nil
    if isFirst { self.outcome = outcome }
    lock.release()
    if isFirst { waiting?.resume(returning: outcome) }
  }

  var hasEnded: Bool {
    lock.acquire()
    defer { lock.release() }
    return outcome != nil
  }

  func fetched(
    _ ticket: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {
    switch outcome {
    case .value: end(.value(bytes.array))
    case .absent: end(.value(nil))
    case .large: end(.large)
    case .error: end(.reply(.error(RESPError(bytes: bytes.array))))
    case .failed(let error): end(.failure(error))
    }
  }

  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    giveLinkBack(now: now)
    switch reply {
    case .success(let reply): end(.reply(reply))
    case .failure(let error): end(.failure(error))
    }
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {
    whenAdmitted = nil
    giveLinkBack(now: now)
    end(.failure(error))
  }

  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {
    let depart = whenAdmitted.take()
    if let error { end(.failure(ProxyError.limiter(error))) } else { depart?(now) }
  }

  private func giveLinkBack(now: Moment) {
    guard let (worker, link, leavesState) = link.take() else { return }
    worker.unpin(link, isClean: !leavesState, now: now)
  }
}

extension Proxy {
  /// The value of a key, from memory or from Redis; nil where there is no such key. From any task.
  func value(of key: [UInt8], database: UInt32) async -> TaskCaller.Outcome {
    if let known = recall(key.rawSpan, database: database) { return known }
    return await fetch(key, database: database)
  }

  /// What is known of a key without asking. From any thread.
  func recall(_ key: RawSpan, database: UInt32) -> TaskCaller.Outcome? {
    guard let hit = find(key, hash: cache.hash(key), database: database, now: .now) else {
      return nil
    }
    return .value(hit.isAbsent ? nil : hit.copied())
  }

  /// The value of a key that is not known. From any task.
  func fetch(_ key: [UInt8], database: UInt32) async -> TaskCaller.Outcome {
    let hash = cache.hash(key.rawSpan)
    let caller = TaskCaller()
    return await outcome(of: caller, on: home(of: hash)) { worker, now in
      worker.fetch(key.rawSpan, hash: hash, database: database, for: caller, ticket: 0, now: now)
    }
  }

  /// The reply to one command, or to a transaction of several. From any task.
  func reply(
    to commands: [[UInt8]], database: UInt32, worker: Int? = nil
  ) async -> TaskCaller.Outcome {
    let caller = TaskCaller()
    let request = Worker.TaskRequest(commands: commands, database: database, caller: caller)
    return await outcome(of: caller, on: worker ?? nextWorker()) { worker, now in
      worker.execute(request, now: now)
    }
  }

  private func outcome(
    of caller: TaskCaller, on worker: Int, _ work: @escaping @Sendable (Worker, Moment) -> Void
  ) async -> TaskCaller.Outcome {
    let error = error(.closed)
    let isThere = seats[worker % seats.count].mailbox.send(
      .perform { worker, now in
        if let worker { work(worker, now) } else { caller.end(.failure(ProxyError.redis(error))) }
      })
    if !isThere { return .failure(ProxyError.redis(error)) }
    return await caller.wait()
  }
}
