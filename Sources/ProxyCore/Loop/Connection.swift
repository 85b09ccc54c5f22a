/// One TCP connection, accepted or outgoing: the driver between its descriptor and its handler.
///
/// It belongs to its loop's thread. While nothing is in flight it owns no buffers. Everything a
/// handler asks for takes effect in a phase of the loop's turn, never in the middle of another
/// call.
package final class Connection {
  enum ConnectionState {
    /// On its way out. Can go to: open, closing.
    case connecting
    /// Reading and writing. Can go to: flushing, closing.
    case open
    /// Sends what is left, reads no more. Can go to: lingering, closing.
    case flushing
    /// Has said its last word and discards what comes until the peer has too: closing with bytes
    /// unread would send a reset, which may overtake the last answers. Can go to: closing.
    case lingering
    /// Waits for the close phase. Can go to: closed.
    case closing
    /// Nothing is left.
    case closed
  }

  // What every request touches comes first, side by side, because the kernel drives it out of the
  // processor's caches in between; and it is exempt from the runtime's exclusivity checks, a third of a
  // hit's instructions: one thread touches it, and calls nothing while it changes it.

  package let loop: EventLoop
  @safe @exclusivity(unchecked) var handler: (any ConnectionHandler)? {
    didSet {
      handlerPlace = handler.map { PrefetchPlace($0) }
      handlerPrepares = handler?.prepares ?? false
    }
  }
  /// Where that is, because to ask the handler itself would be to wait for it.
  @safe @exclusivity(unchecked) private(set) var handlerPlace: PrefetchPlace?
  let pending = OutputBuffer()
  @safe @exclusivity(unchecked) var descriptor: FileDescriptor
  @safe @exclusivity(unchecked) var state: ConnectionState
  @safe @exclusivity(unchecked) private(set) var handlerPrepares = false
  @safe @exclusivity(unchecked) package internal(set) var isPaused = false
  /// Edge-triggered: unread bytes or EOF that epoll won't report again.
  @safe @exclusivity(unchecked) var mayHoldMore = false
  /// What is left in `input` may hold whole requests.
  @safe @exclusivity(unchecked) var hasUntriedInput = false
  @safe @exclusivity(unchecked) var peerHasFinished = false
  @safe @exclusivity(unchecked) var finishWasReported = false
  var hangUpWasReported = false
  /// Nothing can be sent until the poller says so.
  @safe @exclusivity(unchecked) var isWriteBlocked: Bool
  /// Its handler is told when everything has been sent.
  @safe @exclusivity(unchecked) var owesDrained = false
  /// And the peer is told then that nothing more comes.
  @safe @exclusivity(unchecked) var endsWriting = false
  @safe @exclusivity(unchecked) var isQueuedForRetry = false
  @safe @exclusivity(unchecked) var isQueuedForWriting = false
  /// Its handler has output that it gives when the turn ends.
  @safe @exclusivity(unchecked) var collectsOutput = false
  /// What the poller has ever reported of `Readiness.warnings`.
  @safe @exclusivity(unchecked) var warnings: Readiness = []
  @safe @exclusivity(unchecked) var inputNeeded = 0
  @safe @exclusivity(unchecked) var input = ByteBuffer()
  /// What of the output the loop's sum contains.
  @safe @exclusivity(unchecked) var outputCounted = 0
  /// Bytes for the peer that the handler still keeps, as it last said.
  @safe @exclusivity(unchecked) package private(set) var outputHeld = 0
  /// Closes the connection when more than this waits to be sent.
  @safe @exclusivity(unchecked) package var outputBytesMax = Limits.connectionOutputBytesMax

  /// When the kernel last took a part of the output, and not all of it.
  package internal(set) var sendMoment = Moment(nanoseconds: 0)
  /// The other end, where the kernel knew it.
  package let peer: SocketAddress?
  /// Refuses requests that grow past this while they are incomplete.
  package var inputBytesMax = Limits.connectionInputBytesMax
  /// Whose unread output counts together with this one's.
  package var ledger: ClientLedger?
  /// Whose unfinished requests count together with this one's.
  package var inputLedger: ClientLedger?
  /// What of the input that sum contains, and what of it the handler has taken and keeps.
  var inputCounted = 0
  package private(set) var inputHeld = 0
  var token = PollToken(slot: .max, registration: .max)
  var timer: TimerHandle?
  var intake: Intake?
  var closeReason = CloseReason.requested

  init(
    loop: EventLoop, descriptor: consuming FileDescriptor, peer: SocketAddress?,
    state: ConnectionState
  ) {
    self.loop = loop
    self.peer = peer
    self.descriptor = descriptor
    self.state = state
    isWriteBlocked = state == .connecting
  }

  /// Whether what is appended now still has a chance to be sent.
  package var isOpen: Bool { state == .open || state == .connecting }

  /// Where answers go; sent at the end of this turn. Its memory is the loop's while it is empty.
  /// On a connection that has ended it is a place where bytes are forgotten.
  package var output: OutputBuffer { takesOutput ? pending : loop.discardedOutput() }

  /// Whether `pending` is ready for output; false on a connection that has ended.
  var takesOutput: Bool {
    isQueuedForWriting && pending.hasMemory && isOpen || prepareOutput()
  }

  /// Has the handler's `collected` called before this turn's `send`.
  package func collectOutput() {
    guard isOpen else { return }
    collectsOutput = true
    loop.queueWrite(self)
  }

  @inline(never)
  private func prepareOutput() -> Bool {
    guard isOpen else { return false }
    if !pending.hasMemory { pending.useMemory(loop.outputs.take()) }
    // Where nothing can be sent, the limit is looked at.
    loop.queueWrite(self)
    return true
  }

  /// How many bytes wait to be sent.
  package var outputCount: Int { pending.count }
  /// Whether the kernel had no room for all; `drained` will be called.
  package var isOutputBlocked: Bool { isWriteBlocked || owesDrained }
  package var isOutputOverLimit: Bool { outputCount &+ outputHeld > outputBytesMax }

  /// The handler keeps so many bytes that are for the peer, but cannot be appended yet. Closes a peer that
  /// reads too little.
  package func settleOutput(holding count: Int) {
    if count != outputHeld {
      outputHeld = count
      countOutput()
    }
    if isOutputOverLimit { closeForOutput() }
  }

  /// The handler collects so many bytes of a request that has not ended.
  package func settleInput(holding count: Int) {
    inputHeld = count
    countInput()
  }

  /// Its handler says that it has sent too much, now that all clients together have, and reads no more.
  func refuseInput(now: Moment) {
    guard state == .open else { return close() }
    inputLedger?.countClose()
    pauseReading()
    handler?.inputIsTooMuch(self, now: now)
    inputHeld = 0
    releaseInput()
    hasUntriedInput = false
  }

  /// Whether there are bytes that its handler has left.
  package var holdsInput: Bool { !input.isEmpty }

  /// Stops reading until `resumeReading`. The kernel's window closes, and then the peer has to
  /// wait.
  package func pauseReading() { isPaused = true }

  /// Reads again, from the next read phase on, beginning with what the handler had left.
  package func resumeReading() {
    if !isPaused { return }
    isPaused = false
    guard state == .open else { return }
    if hasUntriedInput || mayHoldMore || (peerHasFinished && !finishWasReported) {
      loop.queueRetry(self)
    }
  }

  /// Closes when all that was appended has been sent. Nothing more is read.
  package func closeAfterFlushing() {
    if state == .connecting { return close() }
    guard state == .open else { return }
    state = .flushing
    loop.queueWrite(self)
  }

  /// Tells the peer, behind all that was appended, that nothing more comes, and goes on reading.
  package func endWriting() {
    guard state == .open, !endsWriting else { return }
    endsWriting = true
    owesDrained = true
    loop.queueWrite(self)
  }

  /// Closes in this turn's close phase, whatever was not sent.
  package func close() { close(because: .requested) }

  /// The same, because the peer does not read.
  package func closeForOutput() { close(because: .outputLimit) }

  func close(because reason: CloseReason) {
    if state == .closing || state == .closed { return }
    state = .closing
    closeReason = reason
    loop.queueClose(self)
  }
}

/// What a connection is, for lists of them.
extension Connection {
  /// The end that is here. A system call.
  package var localAddress: SocketAddress? { try? descriptor.localAddress() }
  /// The kernel's number for it.
  package var descriptorNumber: Int32 { descriptor.number }
  /// Bytes of requests that have not come as a whole, or wait.
  package var inputCount: Int { input.count }
  /// Memory that is kept for those.
  package var inputAllocated: Int { input.allocated }
}
