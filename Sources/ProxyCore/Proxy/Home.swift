internal import Synchronization

/// Where some keys are at home: all fetches of such a key that are to be kept go over this worker's links,
/// so that there is one order for all of them.
///
/// ```
///   fetch ─▶ known by now? ─▶ answered
///         └▶ a current flight? ─▶ joined
///         └▶ a write under way? ─▶ a flight that is not stored, one at a time: who comes meanwhile
///         │                        waits for the next one
///         └▶ a new flight ─▶ permit ─▶ GET + PTTL ─▶ stored if still current ─▶ all readers
/// ```
final class Home {
  /// A fetch by one reader.
  struct Request {
    let hash: UInt64
    let database: UInt32
    let reader: Reader
  }

  /// A fetch on its way, for all its readers.
  struct Flight {
    let key: [UInt8]
    let hash: UInt64
    let database: UInt32
    /// By which the cache knows it; nil where nothing may be stored, because a write was under way.
    var kernel: ByteCache.Flight?
    var readers: [Reader]
    /// Those who came while it was under way and may not share what it brings.
    var next: [Reader] = []
    var sent = Moment.distantFuture
    var holdsPermit = false
    var wasRepeated = false
  }

  unowned let worker: Worker
  var flights = TokenTable<Flight>()
  /// The latest flight of each key, which may be joined if the cache says that it is current.
  private var latest = InFlightTable<(token: UInt64, database: UInt32)>()
  /// The one flight of each key that is being written.
  private var unkept = InFlightTable<(token: UInt64, database: UInt32)>()
  var links: [UInt32: FillLink] = [:]
  var fenceParts = TokenTable<FencePart>()
  var scratch = ByteBuffer()

  var proxy: Proxy { worker.proxy }
  var cache: ByteCache { worker.proxy.cache }
  var rules: CoherenceRules { worker.proxy.settings.rules }

  init(_ worker: Worker) { self.worker = worker }

  var flightCount: Int { flights.count }
  var fencePartCount: Int { fenceParts.count }

  // MARK: Fetching

  /// Says under which token a flight has begun for the request alone, if one has.
  @discardableResult
  func fetch(_ key: RawSpan, _ request: Request, now: Moment) -> UInt64? {
    let hasRoom =
      links[request.database] != nil || links.count < Limits.fillLinksMax
    if proxy.capacityIsZero || !hasRoom {
      refer(request.reader, key, now: now)
      return nil
    }
    // What has come while the question was on its way to this worker answers it.
    if answer(request, key, now: now) { return nil }
    if proxy.isSilent && answerLastKnown(request, key, now: now) { return nil }
    if join(request, key) || wait(request, key) {
      proxy.counters.joined.wrappingAdd(1, ordering: .relaxed)
      return nil
    }
    proxy.counters.flights.wrappingAdd(1, ordering: .relaxed)
    let kernel = cache.beginFlight(hash: request.hash, database: request.database)
    let flight = Flight(
      key: key.array, hash: request.hash, database: request.database, kernel: kernel,
      readers: [request.reader])
    let token = flights.insert(flight)
    if kernel == nil {
      unkept.add((token, request.database), hash: request.hash)
    } else if !latest.update(
      request.hash, where: { $0.database == request.database }, { _ in (token, request.database) })
    {
      latest.add((token, request.database), hash: request.hash)
    }
    switch worker.admit(.flight(token), now: now) {
    case .granted: depart(token, now: now)
    case .waiting: break
    case .refused(let error): end(token, .failed(.limiter(error)), now: now)
    }
    return token
  }

  /// Waits for the flight after the one that is under way for a key that is being written: what that one
  /// brings may be older than what this reader has been told already.
  private func wait(_ request: Request, _ key: RawSpan) -> Bool {
    var found: UInt64?
    unkept.update(request.hash, where: { $0.database == request.database }) {
      found = $0.token
      return $0
    }
    guard let found, let flight = flights[found], key.isSame(as: flight.key.rawSpan) else {
      return false
    }
    var reader = request.reader
    reader.hasJoined = true
    let mustWait = rules.contains(.waitsForNext)
    flights.change(found) { flight in
      if mustWait { flight.next.append(reader) } else { flight.readers.append(reader) }
    }
    return true
  }

  /// What a flight brings is not stored, and is for those who have asked already.
  func keepNothing(of token: UInt64) {
    guard let flight = flights[token], let kernel = flight.kernel else { return }
    cache.abandonFlight(kernel)
    flights.change(token) { $0.kernel = nil }
    unkept.add((token, flight.database), hash: flight.hash)
  }

  func flightsUnderWay(hash: UInt64, database: UInt32) -> [UInt64] {
    var found: [UInt64] = []
    latest.update(hash, where: { $0.database == database }) {
      found.append($0.token)
      return $0
    }
    unkept.update(hash, where: { $0.database == database }) {
      found.append($0.token)
      return $0
    }
    return found
  }

  /// After a flight that was not shared by all who asked: the next one is for all who wait.
  func fetchNext(after flight: Flight, now: Moment) {
    guard let first = flight.next.first else { return }
    let others = flight.next.dropFirst()
    func request(_ reader: Reader) -> Request {
      Request(hash: flight.hash, database: flight.database, reader: reader)
    }
    let key = flight.key
    if let token = fetch(key.rawSpan, request(first), now: now),
      flights.change(token, { $0.readers += others }) != nil
    {
      return
    }
    for reader in others { fetch(key.rawSpan, request(reader), now: now) }
  }

  /// Answers from memory, if possible.
  private func answer(_ request: Request, _ key: RawSpan, now: Moment) -> Bool {
    guard
      let (outcome, _) = recall(
        key, hash: request.hash, database: request.database, evenUntrusted: false, now: now)
    else { return false }
    // It was on its way here when another's answer came.
    var notes = FetchNotes()
    notes.isStored = true
    notes.isCollapsed = true
    deliverRecalled([request.reader], outcome, notes, now: now)
    return true
  }

  private func join(_ request: Request, _ key: RawSpan) -> Bool {
    var found: UInt64?
    latest.update(request.hash, where: { $0.database == request.database }) {
      found = $0.token
      return $0
    }
    guard let found, let flight = flights[found], key.isSame(as: flight.key.rawSpan),
      let kernel = flight.kernel
    else { return false }
    if rules.contains(.joinsCurrentOnly) && !cache.isCurrent(kernel) { return false }
    var reader = request.reader
    reader.hasJoined = true
    flights.change(found) { $0.readers.append(reader) }
    return true
  }

  /// The reader is to ask Redis itself.
  private func refer(_ reader: Reader, _ key: RawSpan, now: Moment) {
    if reader.worker == worker.index {
      worker.askRedis(reader.read, key: key, now: now)
    } else {
      worker.send(.askYourself(reader.read, key: key.array), to: reader.worker)
    }
  }

  // MARK: Flights

  /// A permit has come for a flight that stood in line, or none will.
  func admitted(_ token: UInt64, _ error: LimiterError?, now: Moment) {
    if let error { return end(token, .failed(.limiter(error)), now: now) }
    guard let flight = flights[token], !flight.readers.isEmpty || !flight.next.isEmpty else {
      // All who waited for it have gone meanwhile.
      proxy.limiter.release()
      return end(token, .failed(.redis(proxy.error(.closed))), now: now)
    }
    depart(token, now: now)
  }

  private func depart(_ token: UInt64, now: Moment) {
    flights.change(token) { $0.holdsPermit = true }
    send(token, now: now)
  }

  private func send(_ token: UInt64, now: Moment) {
    flights.change(token) { $0.sent = now }
    guard let flight = flights[token] else { return }
    do throws(RedisError) {
      if worker.isClosed { throw proxy.error(.closed) }
      try link(to: flight.database).connection.submitFill(
        LinkToken(token), key: flight.key.rawSpan, now: now)
    } catch {
      fail(token, because: error, now: now)
    }
  }

  func connect(to database: UInt32, now: Moment) {
    link(to: database).connection.start(now: now)
  }

  private func link(to database: UInt32) -> FillLink {
    if let link = links[database] { return link }
    let link = FillLink(self, database: database)
    links[database] = link
    return link
  }

  /// Both replies have come.
  func filled(
    _ token: UInt64, _ value: FilledValue, _ lifetime: KeyLifetime, in bytes: RawSpan,
    isTracked: Bool, now: Moment
  ) {
    guard let flight = flights[token] else { return }
    worker.meter.recordTrip(.fill, since: flight.sent, now: now)
    switch value {
    case .value(.shown(let range)):
      let value = bytes.extracting(range)
      var notes = FetchNotes()
      if let deadline = deadline(of: flight, lifetime) {
        notes = store(value, of: flight, until: deadline, isTracked: isTracked, now: now)
      } else {
        answerUnkept(flight)
      }
      let end = lastMoment(of: flight, lifetime)
      let late = flight.readers.filter { $0.asked > end }
      if !late.isEmpty { flights.change(token) { $0.readers.removeAll { $0.asked > end } } }
      self.end(token, .value, notes, bytes: value, now: now)
      for reader in late { fetchAgain(flight, for: reader, now: now) }
    case .absent:
      var notes = FetchNotes()
      if lifetime == .gone || !rules.contains(.agreement) {
        notes = store(nil, of: flight, until: .distantFuture, isTracked: isTracked, now: now)
      } else {
        answerUnkept(flight)
      }
      end(token, .absent, notes, now: now)
    case .oversized:
      if let deadline = deadline(of: flight, lifetime) {
        _ = store(nil, isLarge: true, of: flight, until: deadline, isTracked: isTracked, now: now)
      } else {
        answerUnkept(flight)
      }
      end(token, .large, now: now)
    case .error(.shown(let range)):
      answerUnkept(flight)
      end(token, .error, bytes: bytes.extracting(range), now: now)
    case .unexpected, .value(.held), .error(.held):
      answerUnkept(flight)
      let defect = RedisError.Reason.protocolDefect("a reply that no GET has")
      end(token, .failed(.redis(proxy.error(defect))), now: now)
    }
  }

  /// Until when a value may be kept; nil for not at all. A clock that counts suspended time, from before
  /// the question left: never later than the key's own end.
  private func deadline(of flight: Flight, _ lifetime: KeyLifetime) -> Moment? {
    switch lifetime {
    case .unlimited: .distantFuture
    case .milliseconds(let left): flight.sent.advanced(by: .milliseconds(left))
    case .gone, .unknown: rules.contains(.agreement) ? nil : .distantFuture
    }
  }

  /// Until when a reader may have asked to be answered with the value: one who came later, while the
  /// reply was on its way, may know that the key has ended.
  private func lastMoment(of flight: Flight, _ lifetime: KeyLifetime) -> Moment {
    switch lifetime {
    case .unlimited, .unknown: .distantFuture
    case .milliseconds(let left): flight.sent.advanced(by: .milliseconds(left))
    case .gone: flight.sent
    }
  }

  private func fetchAgain(_ flight: Flight, for reader: Reader, now: Moment) {
    let request = Request(hash: flight.hash, database: flight.database, reader: reader)
    fetch(flight.key.rawSpan, request, now: now)
  }

  /// Keeps an answer, unless it has been overtaken.
  private func store(
    _ value: RawSpan?, isLarge: Bool = false, of flight: Flight, until deadline: Moment,
    isTracked: Bool, now: Moment
  ) -> FetchNotes {
    guard let kernel = flight.kernel else { return FetchNotes() }
    var insertion = ByteCache.Insertion()
    insertion.deadline = deadline
    insertion.generation = cache.trust.generation(of: worker.index)
    insertion.database = flight.database
    insertion.isLarge = isLarge
    if !isTracked {
      if proxy.settings.coherence == .tracking {
        answerUnkept(flight)
        return FetchNotes()
      }
      if value == nil && !isLarge {
        insertion.deadline = min(deadline, now.advanced(by: Limits.absentUntrackedMax))
      }
    }
    links[flight.database]?.filledUntil = now.advanced(by: cache.entryAgeMax)
    var notes = FetchNotes()
    notes.isStored = cache.insert(
      value, for: flight.key.rawSpan, hash: flight.hash, insertion, now: now,
      endingFlight: rules.contains(.storesCurrentOnly) ? kernel : nil)
    return notes
  }

  /// A fill was lost with its link. Reading may be repeated, once.
  func lost(_ token: UInt64, because error: RedisError, now: Moment) {
    if isFence(token) { return fencePartLost(token, now: now) }
    if let question = question(token) {
      return worker.fail(question, wasSent: true, because: error, now: now)
    }
    let wasRepeated = flights.change(token) { flight in
      defer { flight.wasRepeated = true }
      return flight.wasRepeated
    }
    if wasRepeated ?? true { fail(token, because: error, now: now) } else { send(token, now: now) }
  }

  /// Takes a flight off and tells its readers.
  func end(
    _ token: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes = FetchNotes(),
    bytes: RawSpan = RawSpan(), now: Moment
  ) {
    guard let flight = remove(token) else { return }
    if case .failed = outcome { abandon(flight) }
    deliver(flight.readers, outcome, notes, bytes, now: now)
    fetchNext(after: flight, now: now)
  }

  @discardableResult
  func remove(_ token: UInt64) -> Flight? {
    guard let flight = flights.remove(token) else { return nil }
    latest.update(flight.hash, where: { $0.token == token }) { _ in nil }
    if flight.kernel == nil {
      unkept.update(flight.hash, where: { $0.token == token }) { _ in nil }
    }
    if flight.holdsPermit { proxy.limiter.release() }
    return flight
  }

  // MARK: What Redis says by itself

  func invalidated(_ key: RawSpan) {
    proxy.counters.invalidations.wrappingAdd(1, ordering: .relaxed)
    cache.invalidate(
      key, hash: cache.hash(key), entry: rules.contains(.pushRemoves),
      flight: rules.contains(.pushDetaches))
  }

  func invalidatedAll() {
    proxy.counters.invalidations.wrappingAdd(1, ordering: .relaxed)
    if rules.contains(.empties) { cache.removeAll() }
  }

  // MARK: Links

  /// Before anything else is done about it: what the link has filled holds no longer.
  func linkWasLost() { proxy.endGeneration(of: worker.index) }

  func renewLinks(now: Moment) {
    for link in links.values { worker.renew(link.connection, now: now) }
  }

  func close(now: Moment) {
    for link in links.values { link.connection.close(now: now) }
    // Those in line for a permit.
    let error = ProxyError.redis(proxy.error(.closed))
    for flight in flights.tokens { end(flight, .failed(error), now: now) }
  }
}
