internal import Synchronization

/// How readers are answered: from memory, by Redis over another link than the home's, with the last known
/// value, or with an error.
extension Home {
  /// A fill has failed. Where Redis answers over other links it is asked over one that clients share, once for
  /// all readers; what it says is not kept, since it would tell of no change.
  func fail(_ token: UInt64, because error: RedisError, now: Moment) {
    keepNothing(of: token)
    guard let flight = flights[token] else { return }
    guard proxy.isConnected, !worker.isClosed else {
      return giveUp(token, because: .redis(error), now: now)
    }
    var passage = Passage(.shared(.three, .reads), database: flight.database, effect: .reads)
    passage.delivery = .tree
    let recipient = Call.Recipient.task { [unowned self] reply in
      answered(token, reply, now: worker.loop.now)
    }
    do throws(ProxyError) {
      try worker.pass(Worker.get(flight.key), passage, for: recipient, now: now)
    } catch {
      giveUp(token, because: error, now: now)
    }
  }

  private func answered(_ token: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    let (outcome, bytes) = worker.outcome(ofGet: reply)
    if case .failed(let error) = outcome {
      giveUp(token, because: error, now: now)
    } else {
      if let flight = flights[token] { answerUnkept(flight) }
      end(token, outcome, bytes: bytes.rawSpan, now: now)
    }
  }

  func abandon(_ flight: Flight) {
    if let kernel = flight.kernel { cache.abandonFlight(kernel) }
  }

  /// Its readers are answered with what is not kept. That may be newer than what is in memory, which is no last known
  /// value any more.
  func answerUnkept(_ flight: Flight) {
    abandon(flight)
    guard rules.contains(.unprovenForgotten) else { return }
    cache.invalidate(flight.key.rawSpan, hash: flight.hash, entry: true, flight: false)
  }

  /// Redis cannot be asked: the last known value, where the operator allows it, or the error.
  ///
  /// - Parameter isSettled: Whether it is certain that Redis is not away. When it goes, one link after the other
  ///   is lost, and readers are not to hear an error in between.
  func giveUp(
    _ token: UInt64, because error: ProxyError, isSettled: Bool = false, now: Moment
  ) {
    guard let flight = flights[token] else { return }
    if !isSettled, proxy.isConnected, proxy.staleIfError > .zero, !worker.isClosed,
      recall(
        flight.key.rawSpan, hash: flight.hash, database: flight.database, evenUntrusted: true,
        now: now) != nil
    {
      return proxy.settleLosses(for: worker.index) { worker, now in
        worker?.home.giveUp(token, because: error, isSettled: true, now: now)
      }
    }
    if proxy.mayBeStale(now: now),
      let (outcome, age) = recall(
        flight.key.rawSpan, hash: flight.hash, database: flight.database, evenUntrusted: true,
        now: now)
    {
      proxy.counters.staleAnswers.wrappingAdd(flight.readers.count, ordering: .relaxed)
      remove(token)
      var notes = FetchNotes()
      notes.staleMilliseconds = age
      deliverRecalled(flight.readers, outcome, notes, now: now)
      return fetchNext(after: flight, now: now)
    }
    end(token, .failed(error), now: now)
  }

  /// The same for one who asks only now. Whether there was an answer.
  func answerLastKnown(_ request: Request, _ key: RawSpan, now: Moment) -> Bool {
    guard proxy.mayBeStale(now: now),
      let (outcome, age) = recall(
        key, hash: request.hash, database: request.database, evenUntrusted: true, now: now)
    else { return false }
    proxy.counters.staleAnswers.wrappingAdd(1, ordering: .relaxed)
    var notes = FetchNotes()
    notes.staleMilliseconds = age
    deliverRecalled([request.reader], outcome, notes, now: now)
    return true
  }

  /// Redis answers nothing any more: readers that wait for a value get the last known one, where there is one and
  /// the operator allows it. The others wait on.
  func answerLastKnown(now: Moment) {
    guard proxy.mayBeStale(now: now) else { return }
    for token in flights.tokens {
      guard let flight = flights[token], !flight.readers.isEmpty,
        let (outcome, age) = recall(
          flight.key.rawSpan, hash: flight.hash, database: flight.database, evenUntrusted: true,
          now: now)
      else { continue }
      proxy.counters.staleAnswers.wrappingAdd(flight.readers.count, ordering: .relaxed)
      flights.change(token) { $0.readers = [] }
      releasePermit(of: token)
      var notes = FetchNotes()
      notes.staleMilliseconds = age
      deliverRecalled(flight.readers, outcome, notes, now: now)
    }
  }

  // MARK: Readers that go

  /// A reader does not wait any more. What is under way for it alone gives its permit back.
  func abandon(_ reader: Reader, hash: UInt64, database: UInt32, now: Moment) {
    for token in flightsUnderWay(hash: hash, database: database) {
      let isUnwanted = flights.change(token) { flight in
        flight.readers.removeAll { $0.read == reader.read && $0.worker == reader.worker }
        flight.next.removeAll { $0.read == reader.read && $0.worker == reader.worker }
        return flight.readers.isEmpty && flight.next.isEmpty
      }
      if isUnwanted == true { releasePermit(of: token) }
    }
  }

  private func releasePermit(of token: UInt64) {
    let held = flights.change(token) { flight in
      defer { flight.holdsPermit = false }
      return flight.holdsPermit
    }
    if held == true { proxy.limiter.release() }
  }

  /// What `recall` has found. Its buffer is taken out meanwhile: readers may fetch again at once.
  func deliverRecalled(
    _ readers: [Reader], _ outcome: FetchOutcome, _ notes: FetchNotes, now: Moment
  ) {
    var bytes = ByteBuffer()
    swap(&bytes, &scratch)
    deliver(readers, outcome, notes, bytes.bytes, now: now)
    if bytes.allocated <= Limits.linkHeldKeptMax { swap(&bytes, &scratch) }
  }

  func deliver(
    _ readers: [Reader], _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    now: Moment
  ) {
    if readers.count == 1, readers[0].worker == worker.index {
      return worker.deliver(
        readers[0].read, outcome, bytes, notes: notes.of(readers[0]), now: now)
    }
    let hasBytes = outcome == .value || outcome == .error
    let block = hasBytes ? SharedBlock(copying: bytes) : nil
    var remote: [Int: [Reader]] = [:]
    for reader in readers where reader.worker != worker.index {
      remote[reader.worker, default: []].append(reader)
    }
    for (place, readers) in remote {
      worker.send(.fetched(readers, outcome, notes, block), to: place)
    }
    for reader in readers where reader.worker == worker.index {
      worker.deliver(reader.read, outcome, block, notes: notes.of(reader), now: now)
    }
  }

  /// What the cache knows, and for how long; a value's bytes are then in `scratch`.
  func recall(
    _ key: RawSpan, hash: UInt64, database: UInt32, evenUntrusted: Bool, now: Moment
  ) -> (FetchOutcome, ageMilliseconds: UInt32)? {
    scratch.removeAll()
    // Its readers were counted when they looked themselves.
    guard
      let hit = cache.find(
        key, hash: hash, database: database, evenUntrusted ? .lastKnown : .knowledge,
        counting: .nothing, now: now),
      !hit.hasEnded(in: cache)
    else { return nil }
    let age = hit.ageMilliseconds
    if hit.isLarge { return (.large, age) }
    if hit.isAbsent { return (.absent, age) }
    hit.append(to: &scratch)
    return (.value, age)
  }
}
