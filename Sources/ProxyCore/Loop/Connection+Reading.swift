internal import Glibc

/// The read phase, for one connection.
extension Connection {
  /// Something is there to be read, or the peer has shut its side. It is said once, so that what is not
  /// read now must be remembered.
  func read(_ ready: Readiness, now: Moment) {
    if !ready.isSubset(of: .writing) { mayHoldMore = true }
    warnings.formUnion(ready.intersection(.warnings))
    switch state {
    case .open: attend(now: now)
    case .flushing:
      if ready.contains(.failure) { fail(as: "recv") }
    case .lingering: discard()
    case .connecting:
      settleConnect(now: now)
      attend(now: now)
    case .closing, .closed: break
    }
  }

  /// Offers again what a handler left when it paused or yielded, and reads what the kernel still has.
  func retry(now: Moment) {
    if state == .lingering { return discard() }
    if hasUntriedInput { process(now: now) }
    attend(now: now)
    reportFinish(now: now)
  }

  /// Reads what has come without a word from the poller. Closed with something unread, a connection is reset, and
  /// its peer may lose what it was sent.
  func readBeforeTheEnd(now: Moment) {
    switch state {
    case .open where intake != nil:
      mayHoldMore = true
      attend(now: now)
      loop.processArrivals()
    case .lingering: discard()
    case .open, .connecting, .flushing, .closing, .closed: break
    }
  }

  /// Whether everything that has come was read and handled.
  package var hasReadAll: Bool { input.isEmpty && !mayHoldMore && !hasUntriedInput }

  private func attend(now: Moment) {
    if isPaused || peerHasFinished { return handleWarnings(now: now) }
    // It reads once a turn, and what must be tried again first.
    if !isQueuedForRetry { readOn(now: now) }
  }

  /// What epoll reports of a peer even while it is not read from.
  private func handleWarnings(now: Moment) {
    guard state == .open else { return }
    if warnings.contains(.failure) { return fail(as: "recv") }
    if warnings.contains(.peerFinish), !hangUpWasReported, !peerHasFinished {
      hangUpWasReported = true
      handler?.hungUp(self, now: now)
    }
  }

  /// One `recv`; if that may not have been all, another in the next turn. What was left comes first, or
  /// else it would grow with each turn.
  private func readOn(now: Moment) {
    guard mayHoldMore, !hasUntriedInput, !isPaused, !peerHasFinished, state == .open else { return }
    receive(now: now)
    if mayHoldMore { loop.queueRetry(self) }
  }

  private func fail(as call: StaticString) {
    close(
      because: .failed(descriptor.pendingError(of: call) ?? SystemError(call, code: ECONNRESET)))
  }

  @inline(__always)
  private func receive(now: Moment) {
    do throws(SystemError) {
      let isLarge = input.count > Limits.inputCopiedBytesMax || inputNeeded > Limits.scratchBytes
      let count = isLarge ? try receiveBehindInput() : try receiveBehindOthers()
      guard let count else {
        mayHoldMore = false
        return
      }
      if count == 0 {
        mayHoldMore = false
        peerHasFinished = true
        loop.processArrivals()
        reportFinish(now: now)
        handleWarnings(now: now)  // a reset behind the end is not reported again
      } else if isLarge, input.count < inputNeeded {
        countInput()
      } else if isLarge {
        loop.processArrivals()
        if isPaused { hasUntriedInput = true } else { process(now: now) }
      }
    } catch {
      close(because: .failed(error))
    }
  }

  /// The common way: into the loop's memory, behind the little that was left, so that the
  /// connection itself holds nothing while requests come whole.
  @inline(__always)
  private func receiveBehindOthers() throws(SystemError) -> Int? {
    let room = unsafe loop.arrivals.room
    let left = input.count
    unsafe Self.copy(input, to: room)
    let space = unsafe UnsafeMutableRawBufferPointer(rebasing: room[left...])
    prefetch()
    guard let count = unsafe try descriptor.receive(into: space) else { return nil }
    if count == 0 { return 0 }
    mayHoldMore = !warnings.isEmpty || count == space.count
    let total = left &+ count
    if total < inputNeeded {
      unsafe input.append(UnsafeRawBufferPointer(rebasing: space[..<count]))
    } else {
      loop.arrivals.add(total, for: self)
    }
    return count
  }

  /// Lets the handler prepare for what was received in this turn, behind what was left.
  func announce(_ arrived: UnsafeRawBufferPointer) {
    if handlerPrepares, let handler { unsafe handler.arrived(arrived.bytes) }
  }

  /// Offers what was received in this turn, behind what was left. Others may have paused or closed the
  /// connection meanwhile.
  func process(_ arrived: UnsafeRawBufferPointer, now: Moment) {
    var consumed = 0
    if isPaused {
      hasUntriedInput = true
    } else if state == .open, let handler {
      let consumption = unsafe handler.received(arrived.bytes, on: self, now: now)
      consumed = settle(consumption, of: arrived.count)
    }
    unsafe keep(UnsafeRawBufferPointer(rebasing: arrived[consumed...]))
  }

  /// Has the processor fetch what a request needs while the kernel is at work.
  private func prefetch() {
    handlerPlace?.prefetch(lines: 6)
    PrefetchPlace(pending).prefetch(lines: 2)
  }

  /// A request that is large: straight into the memory where it is collected.
  private func receiveBehindInput() throws(SystemError) -> Int? {
    var received: Int?
    let missing = inputNeeded &- input.count
    let room = max(Limits.inputGrowthBytesMin, min(missing, Limits.readBytesPerTurnMax))
    unsafe try input.appendInPlace(minimum: room) { spare throws(SystemError) in
      let size = min(spare.count, Limits.readBytesPerTurnMax)
      received = unsafe try descriptor.receive(into: .init(rebasing: spare[..<size]))
      mayHoldMore = !warnings.isEmpty || received == size
      return received ?? 0
    }
    return received
  }

  /// Offers what was collected in `input`.
  private func process(now: Moment) {
    guard state == .open, !isPaused, let handler else { return }
    let total = input.count
    let consumption = Self.offer(input, to: handler, on: self, now: now)
    input.consume(settle(consumption, of: total))
    if input.isEmpty { releaseInput() } else { checkInput() }
  }

  private static func offer(
    _ input: borrowing ByteBuffer, to handler: any ConnectionHandler, on connection: Connection,
    now: Moment
  ) -> Consumption {
    handler.received(input.bytes, on: connection, now: now)
  }

  private static func copy(
    _ input: borrowing ByteBuffer, to memory: UnsafeMutableRawBufferPointer
  ) {
    unsafe input.bytes.withUnsafeBytes {
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<$0.count]).copyMemory(from: $0)
    }
  }

  /// Takes note of what the handler said. Returns how many bytes it is done with.
  private func settle(_ consumption: Consumption, of total: Int) -> Int {
    let consumed: Int
    var hasYielded = false
    switch consumption {
    case .taken(let count, let needing):
      consumed = count
      inputNeeded = needing
    case .yielded(let count):
      consumed = count
      inputNeeded = 0
      hasYielded = true
    }
    precondition(consumed >= 0 && consumed <= total, "a handler consumed more than there is")
    hasUntriedInput = (hasYielded || isPaused) && consumed < total
    if consumed == total { inputNeeded = 0 }
    if hasYielded, hasUntriedInput, !isPaused { loop.queueRetry(self) }
    return consumed
  }

  /// Keeps what the handler left of the loop's memory. Nothing, mostly.
  private func keep(_ rest: UnsafeRawBufferPointer) {
    if unsafe rest.isEmpty || state != .open {
      if input.allocated > 0 { releaseInput() }
      return
    }
    if input.allocated == 0 { input = loop.inputs.take() }
    input.removeAll()
    unsafe input.append(rest)
    checkInput()
  }

  /// Keeps the group's sum of what is kept of requests that have not ended. Little pieces are not counted: each
  /// connection may have one.
  func countInput() {
    let all = input.allocated &+ inputHeld
    let counted = all > Limits.inputUncountedMax ? all : 0
    let step = counted &- inputCounted
    guard step != 0, let inputLedger, state != .closed else { return }
    inputCounted = counted
    if step > 0 { inputLedger.add(step, on: loop) } else { inputLedger.subtract(0 &- step) }
  }

  private func checkInput() {
    if input.allocated > Limits.inputUncountedMax || inputCounted != 0 { countInput() }
    if hasUntriedInput || state != .open { return }
    if input.count > inputBytesMax || inputNeeded > inputBytesMax { close(because: .inputLimit) }
  }

  func releaseInput() {
    var released = ByteBuffer()
    swap(&released, &input)
    loop.inputs.give(released)
    inputNeeded = 0
    if inputCounted != 0 { countInput() }
  }

  private func reportFinish(now: Moment) {
    guard peerHasFinished, !finishWasReported, !hasUntriedInput, !isPaused, state == .open else {
      return
    }
    finishWasReported = true
    handler?.finished(self, now: now)
  }

  private func discard() {
    do throws(SystemError) {
      guard let count = unsafe try descriptor.receive(into: loop.arrivals.room) else { return }
      if count == 0 { close() } else { loop.queueRetry(self) }
    } catch {
      close()
    }
  }
}
