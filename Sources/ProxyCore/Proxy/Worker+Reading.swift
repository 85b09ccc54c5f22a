internal import Synchronization

/// Values: from memory, from a key's home, or from Redis directly.
extension Worker {
  /// A fetch that a client of this worker waits for.
  struct Read {
    let caller: any Caller
    let ticket: UInt64
    let hash: UInt64
    let database: UInt32
  }

  /// What a request is, and the keys that it names.
  package func classify(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, keys: inout KeyList
  ) -> CommandSpec {
    let name = arguments.bytes(0, in: request)
    if let spec = recentCommand.spec(named: name) {
      keys.removeAll()
      if spec.listsSingleKey(ofArguments: arguments.count, in: &keys) { return spec }
    }
    let spec = commands.classify(arguments, in: request, keys: &keys)
    recentCommand.note(spec, named: name)
    return spec
  }

  /// Which table of commands `classify` uses.
  package var commandsID: ObjectIdentifier { ObjectIdentifier(commands) }

  package func hash(_ key: RawSpan) -> UInt64 { cache.hash(key) }

  /// Brings the value of a key that `find` did not know: together with other reads of it, from the
  /// key's home. Says by which number it may be abandoned. O(key).
  @discardableResult
  package func fetch(
    _ key: RawSpan, hash: UInt64, database: UInt32, for caller: any Caller, ticket: UInt64,
    now: Moment
  ) -> UInt64 {
    counters.fetches.wrappingAdd(1, ordering: .relaxed)
    if reads.count >= Limits.workerReadsMax {
      let error = FetchOutcome.failed(.readLimit(Limits.workerReadsMax))
      caller.fetched(ticket, error, FetchNotes(), RawSpan(), shared: nil, now: now)
      return 0
    }
    let read = reads.insert(Read(caller: caller, ticket: ticket, hash: hash, database: database))
    let reader = Reader(worker: index, read: read, asked: .now)
    let place = proxy.home(of: hash)
    if place == index {
      let request = Home.Request(hash: hash, database: database, reader: reader)
      home.fetch(key, request, now: now)
    } else {
      send(.fetch(key: key.array, hash: hash, database: database, reader: reader), to: place)
    }
    return read
  }

  /// Ends the wait for a fetch: its caller is not told.
  package func abandonFetch(_ read: UInt64, now: Moment) {
    guard let waiting = reads.remove(read) else { return }
    let reader = Reader(worker: index, read: read, asked: now)
    let place = proxy.home(of: waiting.hash)
    if place == index {
      home.abandon(reader, hash: waiting.hash, database: waiting.database, now: now)
    } else {
      send(.abandoned(reader, hash: waiting.hash, database: waiting.database), to: place)
    }
  }

  func deliver(
    _ read: UInt64, _ outcome: FetchOutcome, _ bytes: RawSpan, notes: FetchNotes = FetchNotes(),
    now: Moment
  ) {
    guard let read = reads.remove(read) else { return }
    read.caller.fetched(read.ticket, outcome, notes, bytes, shared: nil, now: now)
  }

  func deliver(
    _ read: UInt64, _ outcome: FetchOutcome, _ block: SharedBlock?,
    notes: FetchNotes = FetchNotes(), now: Moment
  ) {
    guard let read = reads.remove(read) else { return }
    guard let block else {
      return read.caller.fetched(read.ticket, outcome, notes, RawSpan(), shared: nil, now: now)
    }
    read.caller.fetched(read.ticket, outcome, notes, block.bytes, shared: block, now: now)
  }

  /// While a key is being written its readers go to Redis themselves, and nothing is kept.
  func askRedis(_ read: UInt64, key: RawSpan, now: Moment) {
    let key = key.array
    switch admit(.read(read, key: key), now: now) {
    case .granted: askWithPermit(read, key: key, now: now)
    case .waiting: break
    case .refused(let error): deliver(read, .failed(.limiter(error)), nil, now: now)
    }
  }

  func askWithPermit(
    _ read: UInt64, key: [UInt8], isRepetition: Bool = false, now: Moment
  ) {
    guard let waiting = reads[read] else { return limiter.release() }
    var passage = Passage(.shared(.three, .reads), database: waiting.database, effect: .reads)
    passage.delivery = .tree
    passage.holdsPermit = true
    do throws(ProxyError) {
      let recipient = Call.Recipient.read(read, key: key, wasRepeated: isRepetition)
      try pass(Self.get(key), passage, for: recipient, now: now)
    } catch {
      deliver(read, .failed(error), nil, now: now)
    }
  }

  static func get(_ key: [UInt8]) -> ByteBuffer {
    var request = ByteBuffer()
    request.appendGet(key.rawSpan)
    return request
  }

  /// The reply to a read that asked Redis itself.
  func conclude(_ read: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    let (outcome, bytes) = outcome(ofGet: reply)
    deliver(read, outcome, bytes.rawSpan, now: now)
  }

  /// What a reply to GET says, and the bytes of it.
  func outcome(ofGet reply: Result<RESPValue, RedisError>) -> (FetchOutcome, [UInt8]) {
    switch reply {
    case .success(.bulkString(let value)), .success(.verbatimString(let value, _)):
      return (.value, value)
    case .success(.null): return (.absent, [])
    case .success(.error(let error)): return (.error, Array(error.message.utf8))
    case .success:
      let defect = RedisError.Reason.protocolDefect("a reply that no GET has")
      return (.failed(.redis(proxy.error(defect))), [])
    case .failure(let error):
      return (error.isTooLarge ? .large : .failed(.redis(error)), [])
    }
  }
}

extension RedisError {
  fileprivate var isTooLarge: Bool { if case .replyTooLarge = reason { true } else { false } }
}
