/// One thread's sockets, timers and mail.
///
///     wait → receive mail → fire timers → accept → read → process → write → close
///
/// A turn is these phases, each over a batch: events are only sorted while they are looked at, and
/// acted upon in the phase that is theirs. Everything in a turn is bounded, so that no client has to
/// wait for long. A loop and what belongs to it are made on its thread and stay there.
@safe
package final class EventLoop {
  // As in `Connection`, what every turn touches goes without the runtime's exclusivity checks.

  /// The present, read once a turn.
  @safe @exclusivity(unchecked) package internal(set) var now = Moment.now
  /// What other threads may hold.
  package let remote: LoopRemote
  private let waker: Waker
  package var counters: LoopCounters { remote.counters }

  /// Who is told how long turns took; let go of at the end.
  @safe @exclusivity(unchecked) package var turnObserver: (any TurnObserver)?

  let poller: Poller
  @safe @exclusivity(unchecked) var slots = SlotTable()
  @safe @exclusivity(unchecked) var timers = TimerQueue()
  @safe @exclusivity(unchecked) private var alarm: Alarm
  @safe @exclusivity(unchecked) private var control: (any MailSource)?
  @safe @exclusivity(unchecked) private var mailSources: [any MailSource] = []
  @safe @exclusivity(unchecked) private var hasMailLeft = false
  @safe @exclusivity(unchecked) private var isTurning = false
  private var isClosed = false

  @safe @exclusivity(unchecked) private var acceptable = EventLoop.queue(of: Listener.self)
  @safe @exclusivity(unchecked) private var readable = EventLoop.queue(
    of: (guest: Guest, ready: Readiness).self)
  @safe @exclusivity(unchecked) private var retried = EventLoop.queue(of: Connection.self)
  @safe @exclusivity(unchecked) private var written = EventLoop.queue(
    of: (guest: Guest, output: PrefetchPlace).self)
  @safe @exclusivity(unchecked) private var ended = EventLoop.queue(of: Connection.self)

  /// Where bytes arrive before anybody looks at them.
  @safe @exclusivity(unchecked) var arrivals = Arrivals()
  @safe @exclusivity(unchecked) var inputs = BytePool(
    capacity: Limits.inputsPooledMax, bytesMax: Limits.inputCopiedBytesMax)
  @safe @exclusivity(unchecked) var outputs = BytePool(
    capacity: Limits.outputsPooledMax, bytesMax: Limits.outputPooledBytesMax)
  private let discarded = OutputBuffer()
  /// Connections that have ended while they were named in `written`.
  @safe @exclusivity(unchecked) private var departed: [Connection] = []

  /// A loop for the calling thread.
  package convenience init() throws(SystemError) {
    try self.init(remote: LoopRemote())
  }

  init(remote: LoopRemote) throws(SystemError) {
    self.remote = remote
    waker = remote.waker
    poller = try Poller()
    alarm = try Alarm()
    control = MailReceiver(remote.control) { [unowned self] work, _ in work(self) }
    try poller.add(waker.counter, slots.insert(.waker), for: [.reading, .edge])
    try poller.add(alarm.timer, slots.insert(.alarm), for: [.reading, .edge])
  }

  deinit {
    control?.close()
    for source in mailSources { source.close() }
  }

  private static func queue<Element>(of type: Element.Type) -> Ring<Element> {
    Ring(keepingRoomFor: Limits.loopQueueKeptMax)
  }

  // MARK: The turn

  /// Turns until it is stopped; then lets go of everything.
  package func run() {
    while !remote.isStopping { turn() }
    shutDown()
  }

  /// One turn, which waits for something to do unless told not to.
  package func turn(mayWait: Bool = true) {
    precondition(!isTurning, "one turn at a time")
    isTurning = true
    defer { isTurning = false }
    wait(mayWait: mayWait)
    receiveMail()
    fireTimers()
    acceptConnections()
    readConnections()
    writeConnections()
    closeConnections()
  }

  private func wait(mayWait: Bool) {
    let began = now
    var end: Moment?
    var sleeps = false
    let count: Int
    do throws(SystemError) {
      if mayWait && !hasWork {
        let moment = Moment.now
        end = moment
        sleeps = try setAlarm(now: moment) && waker.fallAsleep()
      }
      count = try poller.wait(timeoutMilliseconds: sleeps ? -1 : 0)
    } catch {
      fatalError("\(error)")  // only a descriptor or an address that is wrong gets here
    }
    if sleeps { waker.awaken() }
    now = Moment.now
    turnObserver?.turnEnded(nanoseconds: (end ?? now).nanosecondsSince(began))
    for index in 0..<count {
      let (token, ready) = poller.event(at: index)
      sort(token, ready)
    }
  }

  /// A stale event finds a free slot.
  private func sort(_ token: PollToken, _ ready: Readiness) {
    guard let guest = slots.guest(of: token) else {
      switch slots.occupant(of: token) {
      case .listener(let listener): acceptable.append(listener)
      case .alarm: alarm.wentOff()
      case .waker, .connection, .free, nil: break
      }
      return
    }
    guest.visit { connection in
      let isConnecting = connection.state == .connecting
      if ready.contains(.writing), !isConnecting { connection.becameWritable() }
      if isConnecting || !ready.isSubset(of: .writing) { readable.append((guest, ready)) }
    }
  }

  private var hasWork: Bool {
    hasMailLeft || !retried.isEmpty || !written.isEmpty || !ended.isEmpty
  }

  /// Sees to it that the next deadline is not slept through; false where it has come.
  private func setAlarm(now: Moment) throws(SystemError) -> Bool {
    guard let deadline = timers.nextDeadline else { return true }
    if deadline <= now { return false }
    try alarm.set(by: deadline, now: now)
    return true
  }

  private func receiveMail() {
    guard waker.takeMail() || hasMailLeft else { return }
    hasMailLeft = control?.deliver(now: now) ?? false
    for source in mailSources where source.deliver(now: now) { hasMailLeft = true }
  }

  private func fireTimers() {
    for _ in 0..<Limits.timersPerTurnMax {
      guard let (target, token) = timers.removeDue(at: now) else { return }
      target.timerFired(token, now: now)
    }
  }

  // What is added to a queue while its phase runs is for the next turn: each phase goes by the count at its
  // beginning.

  private func acceptConnections() {
    for _ in 0..<acceptable.count { acceptable.removeFirst()?.accept(now: now) }
  }

  private func readConnections() {
    // Each connection once a turn: who is ready and waits for another try as well has it here.
    let retries = retried.count
    for _ in 0..<readable.count {
      guard let (guest, ready) = readable.removeFirst() else { break }
      guest.visit { $0.read(ready, now: now) }
      if arrivals.isFull { processArrivals() }
    }
    for _ in 0..<retries {
      guard let connection = retried.removeFirst() else { break }
      connection.isQueuedForRetry = false
      connection.retry(now: now)
      if arrivals.isFull { processArrivals() }
    }
    processArrivals()
  }

  /// Shows their handlers what was received for connections so far.
  func processArrivals() {
    for index in 0..<arrivals.count {
      let arrival = arrivals[index]
      arrival.guest.visit { unsafe $0.announce(arrivals.bytes(of: arrival)) }
    }
    while let arrival = arrivals.next() {
      arrival.guest.visit { unsafe $0.process(arrivals.bytes(of: arrival), now: now) }
    }
  }

  private func writeConnections() {
    for _ in 0..<written.count {
      guard let (guest, _) = written.removeFirst() else { break }
      if let next = written.first {
        next.guest.prefetch()
        next.output.prefetch(lines: 2)
      }
      guest.visit { $0.write(now: now) }
    }
    if !departed.isEmpty { departed.removeAll { !$0.isQueuedForWriting } }
  }

  private func closeConnections() {
    for _ in 0..<ended.count {
      guard let connection = ended.removeFirst() else { break }
      if connection.state == .closing { finish(connection) }
    }
  }

  // MARK: What connections ask for

  func queueRetry(_ connection: Connection) {
    if connection.isQueuedForRetry { return }
    connection.isQueuedForRetry = true
    retried.append(connection)
  }

  func queueWrite(_ connection: Connection) {
    if connection.isQueuedForWriting { return }
    connection.isQueuedForWriting = true
    written.append((Guest(connection), PrefetchPlace(connection.pending)))
  }

  /// Once a connection: its state sees to that.
  func queueClose(_ connection: Connection) { ended.append(connection) }

  /// Keeps a connection that has ended until no queue names it any more.
  func keep(_ connection: Connection) {
    if connection.isQueuedForWriting { departed.append(connection) }
  }

  /// Where those write whose connection has ended.
  func discardedOutput() -> OutputBuffer {
    discarded.reset()
    return discarded
  }

  // MARK: Mail, timers, the end

  /// A mailbox whose messages `receive` gets on this loop, in order. Make it before other threads
  /// are given it; it lives as long as the loop.
  package func makeMailbox<Message: Sendable>(
    capacity: Int, receive: @escaping (Message, Moment) -> Void
  ) -> Mailbox<Message> {
    let mailbox = Mailbox<Message>(waker: remote.waker, capacity: capacity)
    if isClosed {
      mailbox.close()
    } else {
      mailSources.append(MailReceiver(mailbox, receive))
    }
    return mailbox
  }

  /// Calls `target` in the first turn at or after `deadline`. O(log n), as are the next two.
  package func schedule(
    at deadline: Moment, _ target: any TimerTarget, token: Int
  ) -> TimerHandle {
    timers.schedule(at: deadline, target, token: token)
  }

  /// Whether there was something to cancel.
  @discardableResult
  package func cancel(_ timer: TimerHandle) -> Bool { timers.cancel(timer) }

  /// Whether the timer had neither fired nor been cancelled.
  package func reschedule(_ timer: TimerHandle, at deadline: Moment) -> Bool {
    timers.reschedule(timer, at: deadline)
  }

  /// Whether nothing new can be opened.
  var isShutDown: Bool { isClosed }

  /// Closes all that it has and refuses what comes later. Posted work is still done first.
  package func shutDown() {
    if isClosed { return }
    precondition(!isTurning, "a loop ends between its turns")
    control?.finish(now: now)
    isClosed = true
    for source in mailSources { source.close() }
    slots.forEach { occupant in
      switch occupant {
      case .listener(let listener): listener.close()
      case .connection(let connection): connection.close(because: .loopStopped)
      case .waker, .alarm, .free: break
      }
    }
    while !ended.isEmpty { closeConnections() }
    while written.removeFirst() != nil {}
    departed = []
    timers.removeAll()
    turnObserver = nil
    control = nil
    mailSources = []
  }
}

@available(*, unavailable)
extension EventLoop: Sendable {}
