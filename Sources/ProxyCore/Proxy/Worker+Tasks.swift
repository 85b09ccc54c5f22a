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

extension Proxy {
  /// The value of a key, from memory or from Redis; nil where there is no such key. From any task.
  func value(of key: [UInt8], database: UInt32) async -> TaskCaller.TaskOutcome {
    if let known = recall(key.rawSpan, database: database) { return known }
    return await fetch(key, database: database)
  }

  /// What is known of a key without asking. From any thread.
  func recall(_ key: RawSpan, database: UInt32) -> TaskCaller.TaskOutcome? {
    guard
      let hit = cache.find(
        key, hash: cache.hash(key), database: database, .answers, now: .now)
    else {
      return nil
    }
    return .value(hit.isAbsent ? nil : hit.copied())
  }

  /// The value of a key that is not known. From any task.
  func fetch(_ key: [UInt8], database: UInt32) async -> TaskCaller.TaskOutcome {
    let hash = cache.hash(key.rawSpan)
    let caller = TaskCaller()
    return await outcome(of: caller, on: home(of: hash)) { worker, now in
      worker.fetch(key.rawSpan, hash: hash, database: database, for: caller, ticket: 0, now: now)
    }
  }

  /// The reply to one command, or to a transaction of several. From any task.
  func reply(
    to commands: [[UInt8]], database: UInt32, worker: Int? = nil
  ) async -> TaskCaller.TaskOutcome {
    let caller = TaskCaller()
    let request = Worker.TaskRequest(commands: commands, database: database, caller: caller)
    return await outcome(of: caller, on: worker ?? nextWorker()) { worker, now in
      worker.execute(request, now: now)
    }
  }

  private func outcome(
    of caller: TaskCaller, on worker: Int, _ work: @escaping @Sendable (Worker, Moment) -> Void
  ) async -> TaskCaller.TaskOutcome {
    let error = error(.closed)
    let isThere = seats[worker % seats.count].mailbox.send(
      .perform { worker, now in
        if let worker { work(worker, now) } else { caller.end(.failure(ProxyError.redis(error))) }
      })
    if !isThere { return .failure(ProxyError.redis(error)) }
    return await caller.wait()
  }
}
