internal import Glibc

/// Drives a link: does on its loop's sockets and timers what the state machine says.
package final class LinkConnection {
  private let loop: EventLoop
  private let resolver: LoopResolver
  @safe @exclusivity(unchecked) private weak var owner: (any LinkOwner)?
  @safe @exclusivity(unchecked) private var link: Link
  @safe @exclusivity(unchecked) private var connection: Connection?
  /// Whether the connection will ask for output.
  @safe @exclusivity(unchecked) private var isCollected = false
  /// Whether this side has nothing more to say, so that the end of the connection is no loss.
  private var isFinishing = false
  private var timer: TimerHandle?
  private var resolution: Int?
  /// The addresses of the name that were not tried yet, the next one last.
  private var addresses: [SocketAddress] = []
  /// Where a held value lies while its owner looks at it.
  private var held = ByteBuffer()

  package init(
    _ profile: LinkProfile, on loop: EventLoop, resolver: LoopResolver, owner: any LinkOwner
  ) {
    self.loop = loop
    self.resolver = resolver
    self.owner = owner
    link = Link(profile)
  }

  package var isReady: Bool { link.isReady }
  package var isClosed: Bool { link.isClosed }
  /// When the greeting was over, of a link that is ready.
  var readySince: Moment? { if case .ready(let since) = link.state { since } else { nil } }
  package var state: LinkState {
    switch link.state {
    case .idle: .idle
    case .connecting, .greeting: .connecting
    case .ready: .ready
    case .draining, .closed: .leaving
    case .resting: .resting
    }
  }
  package var server: LinkServer { link.server }
  package var failure: RedisError? { link.failure }
  package var requestCount: Int { link.requestCount }
  package var subscriptionCount: Int { link.subscriptionCount }
  package var profile: LinkProfile { link.profile }
  /// Whether its worker counts it among those that are ready.
  var isCounted = false
  package func noteVersion(_ version: RESPVersion) { link.noteVersion(version) }
  func expect(_ transaction: TransactionReading) { link.expect(transaction) }
  var lastSelection: Int? { link.lastSelection }
  package func forgetSubscriptions() { link.forgetSubscriptions() }
  /// Requests that others have submitted, fences apart.
  private(set) var uses: UInt64 = 0
  /// Since when it has been waiting for what comes next: when it was heard last, or was asked after it had
  /// nothing to answer.
  @safe @exclusivity(unchecked) private(set) var awaitedSince = Moment(nanoseconds: 0)
  /// When Redis was heard last.
  @safe @exclusivity(unchecked) private(set) var heardAt = Moment(nanoseconds: 0)

  /// Whether Redis holds back what it is to answer next, and with it all that stands behind.
  func isHeldUp(now: Moment) -> Bool {
    link.requestCount > 0 && now.since(awaitedSince) > Limits.linkHeldUpMin
  }

  /// Since when it has been waiting for an answer; nil while it waits for none.
  var unansweredSince: Moment? { link.isReady && link.requestCount > 0 ? awaitedSince : nil }

  /// Whether much was left unsent when requests were collected last.
  @safe @exclusivity(unchecked) private var wasLeftFull = false

  /// Whether more waits to be sent than a turn's requests mostly are.
  var isFilling: Bool {
    link.outgoingCount &+ link.waitingCount > Limits.linkOutgoingKeptMax || wasLeftFull
  }

  /// The same, and what waits until there is a connection.
  var unsentCount: Int { outputCount &+ (link.isReady ? 0 : link.waitingCount) }

  /// Bytes that the kernel has not taken yet.
  package var outputCount: Int { connection.map { $0.outputCount &+ link.outgoingCount } ?? 0 }

  /// Whether the kernel has no room for them.
  package var isOutputBlocked: Bool { connection?.isOutputBlocked ?? false }

  package var expectedRunID: [UInt8]? {
    get { link.expectedRunID }
    set { link.expectedRunID = newValue }
  }

  // MARK: What the owner wants

  /// Connects without waiting for a first request.
  package func start(now: Moment) { act(on: link.start(now: now), now: now) }

  package func submit(
    _ token: LinkToken, _ delivery: LinkDelivery, _ bytes: RawSpan, now: Moment
  ) throws(RedisError) {
    let wasIdle = link.requestCount == 0
    try link.submit(token, delivery, bytes)
    if wasIdle { awaitedSince = now }
    uses &+= 1
    flushOrStart(now: now)
  }

  package func submitFill(_ token: LinkToken, key: RawSpan, now: Moment) throws(RedisError) {
    let wasIdle = link.requestCount == 0
    try link.submitFill(token, key: key)
    if wasIdle { awaitedSince = now }
    uses &+= 1
    flushOrStart(now: now)
  }

  package func submitFence(_ token: LinkToken, now: Moment) throws(RedisError) {
    let wasIdle = link.requestCount == 0
    try link.submitFence(token)
    if wasIdle { awaitedSince = now }
    flushOrStart(now: now)
  }

  /// More of the last request. False: it was lost meanwhile.
  package func extend(_ token: LinkToken, _ bytes: RawSpan) -> Bool {
    defer { flush() }
    return link.extend(token, bytes)
  }

  package func reset(now: Moment) { act(on: link.reset(now: now), now: now) }

  package func drain(until deadline: Moment, now: Moment) {
    act(on: link.drain(until: deadline, now: now), now: now)
  }

  /// Asks for nothing more, and has Redis hear that: it answers what it has got, unless that makes a client wait,
  /// and hangs up. A link that still greets Redis does so first.
  func finish(now: Moment) {
    if link.isClosed || isFinishing { return }
    isFinishing = true
    if link.isReady { sayFinish(now: now) }
  }

  private func sayFinish(now: Moment) {
    flush()
    drain(until: now.advanced(by: Limits.linkFarewellMax), now: now)
    connection?.endWriting()
  }

  package func renew(because reason: RedisError.Reason, now: Moment) {
    act(on: link.renew(because: reason, now: now), now: now)
  }

  package func close(now: Moment) { act(on: link.close(now: now), now: now) }

  /// Reads no more until `resumeReading`: for the owner whose client does not take its replies.
  package func pauseReading() { connection?.pauseReading() }
  package func resumeReading() { connection?.resumeReading() }

  // MARK: What the link wants

  private func flushOrStart(now: Moment) {
    if connection != nil { flush() } else { start(now: now) }
  }

  /// Everything that is submitted in a turn is collected at its end, and leaves with one `send`.
  private func flush() {
    if isCollected || !link.hasOutgoing { return }
    guard let connection else { return }
    isCollected = true
    connection.collectOutput()
  }

  private func act(on action: LinkAction, now: Moment) {
    switch action {
    case .proceed: flush()
    case .connect: resolve(now: now)
    case .abandon, .close: reportLoss(now: now)
    }
    schedule()
  }

  private func reportLoss(now: Moment) {
    dropConnection()
    let error = link.failure ?? link.profile.error(.closed)
    owner?.linkLost(self, because: error, now: now)
    while let request = link.removeFailed() {
      owner?.link(self, failed: request, because: link.error(of: request), now: now)
    }
    if link.isClosed { owner?.linkEnded(self, because: error, now: now) }
  }

  private func dropConnection() {
    if let resolution { resolver.cancel(resolution) }
    resolution = nil
    addresses = []
    connection?.close()
    connection = nil
    isCollected = false
    wasLeftFull = false
  }

  /// One timer, moved only where it would come too late: deadlines mostly move away.
  private func schedule() {
    let deadline = link.deadline
    if deadline == .distantFuture {
      // A timer would keep this link alive for ever.
      if let timer { loop.cancel(timer) }
      timer = nil
      return
    }
    if let timer, loop.reschedule(timer, at: deadline) { return }
    timer = loop.schedule(at: deadline, self, token: 0)
  }

  // MARK: Connecting

  private func resolve(now: Moment) {
    let url = link.profile.url
    if let address = SocketAddress(numeric: url.host, port: url.port) {
      addresses = [address]
      return connectNext(lastFailure: nil, now: now)
    }
    resolution = resolver.resolve(url.host, port: url.port) { [weak self] result, now in
      self?.resolved(result, now: now)
    }
    if resolution == nil {
      disconnected(because: .nameNotResolved("too many names wait for the resolver"), now: now)
    }
  }

  private func resolved(_ result: Result<[SocketAddress], ResolutionError>, now: Moment) {
    resolution = nil
    switch result {
    case .success(let found):
      addresses = found.reversed()
      connectNext(lastFailure: nil, now: now)
    case .failure(let error): disconnected(because: .nameNotResolved(error.description), now: now)
    }
  }

  private func connectNext(lastFailure: RedisError.Reason?, now: Moment) {
    var reason = lastFailure ?? .nameNotResolved("it has no address")
    while let address = addresses.popLast() {
      // What is left of the time is shared, so that one dead address does not hide the others.
      let share = link.deadline.since(now) / (addresses.count + 1)
      do throws(SystemError) {
        connection = try loop.connect(
          to: address, deadline: now.advanced(by: share), handler: self)
        return
      } catch {
        reason = .connectFailed(error.description)
      }
    }
    disconnected(because: reason, now: now)
  }

  private func disconnected(because reason: RedisError.Reason, now: Moment) {
    if isFinishing { return close(now: now) }
    act(on: link.disconnected(because: reason, now: now), now: now)
  }
}

extension LinkConnection: ConnectionHandler {
  package func connected(_ connection: Connection, now: Moment) {
    guard connection === self.connection else { return }
    act(on: link.connected(now: now), now: now)
  }

  package func received(
    _ bytes: RawSpan, on connection: Connection, now: Moment
  ) -> Consumption {
    guard connection === self.connection else { return .taken(bytes.byteCount) }
    // Once a batch: a weak reference costs more than most replies. Without an owner there is no retry.
    guard let owner else { return .taken(bytes.byteCount) }
    awaitedSince = now
    heardAt = now
    var position = 0
    while true {
      let event = link.read(bytes, at: &position, now: now)
      switch event {
      case .needsMore(let count):
        flush()
        return .taken(position, needing: bytes.byteCount &- position &+ count)
      case .lost, .drained:
        reportLoss(now: now)
        schedule()
        return .taken(bytes.byteCount)
      case .filled(let token, .value(.held), let lifetime):
        link.exchangeHeld(&held)
        let place = FilledValue.Location.shown(0..<held.count)
        report(.filled(token, .value(place), lifetime), in: held, to: owner, now: now)
      case .filled(let token, .error(.held), let lifetime):
        link.exchangeHeld(&held)
        let place = FilledValue.Location.shown(0..<held.count)
        report(.filled(token, .error(place), lifetime), in: held, to: owner, now: now)
      case .ready:
        flush()
        schedule()
        owner.link(self, reported: event, in: bytes, now: now)
        if isFinishing && link.isReady { sayFinish(now: now) }
      case .filled, .invalidated, .invalidatedAll, .piece, .unasked, .tree, .answered:
        owner.link(self, reported: event, in: bytes, now: now)
      }
    }
  }

  private func report(
    _ event: LinkEvent, in bytes: borrowing ByteBuffer, to owner: any LinkOwner, now: Moment
  ) {
    owner.link(self, reported: event, in: bytes.bytes, now: now)
  }

  package func takeTree() throws(RedisError) -> RESPValue { try link.takeTree() }

  package func takeReply() -> Result<RESPValue, RedisError> {
    Result { () throws(RedisError) in try link.takeTree() }
  }

  package func finished(_ connection: Connection, now: Moment) {
    guard connection === self.connection else { return }
    disconnected(because: .connectionLost(outcomeUnknown: false), now: now)
  }

  package func hungUp(_ connection: Connection, now: Moment) {}

  package func collected(_ connection: Connection, now: Moment) {
    guard connection === self.connection else { return }
    isCollected = false
    link.takeOutgoing(into: &connection.output.bytes)
    wasLeftFull = connection.outputCount > Limits.linkOutgoingKeptMax
  }

  package func drained(_ connection: Connection, now: Moment) {
    if connection === self.connection { owner?.linkDrained(self, now: now) }
  }

  package func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    guard connection === self.connection else { return }
    self.connection = nil
    isCollected = false
    switch reason {
    case .connectFailed(let error):
      let isRefused = error.code == ECONNREFUSED
      connectNext(
        lastFailure: isRefused ? .connectionRefused : .connectFailed(error.description), now: now)
    case .connectTimedOut: connectNext(lastFailure: .connectTimedOut, now: now)
    case .failed, .outputLimit:
      disconnected(because: .connectionLost(outcomeUnknown: false), now: now)
    case .inputLimit:
      disconnected(because: .protocolDefect("a reply did not end where it should"), now: now)
    case .requested, .loopStopped: close(now: now)
    }
  }
}

extension LinkConnection: TimerTarget {
  package func timerFired(_ token: Int, now: Moment) {
    timer = nil
    let wasIdle = link.requestCount == 0
    let action = link.timeReached(now: now)
    if wasIdle { awaitedSince = now }
    act(on: action, now: now)
  }
}

@available(*, unavailable)
extension LinkConnection: Sendable {}
