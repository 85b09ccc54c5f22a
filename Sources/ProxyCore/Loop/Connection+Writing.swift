internal import Synchronization

/// The write phase, for one connection.
extension Connection {
  /// One `send`, of everything. What the kernel does not take stays until it says that it has room.
  @inline(__always)
  func write(now: Moment) {
    if collectsOutput { collect(now: now) }
    isQueuedForWriting = false
    if isWriteBlocked {
      countOutput()
      if isOutputOverLimit { close(because: .outputLimit) }
      return
    }
    guard state == .open || state == .flushing else { return }
    do throws(SystemError) {
      if !pending.isEmpty { isWriteBlocked = try !pending.send(over: descriptor) }
    } catch {
      return close(because: .failed(error))
    }
    if outputCount > 0 {
      owesDrained = true
      sendMoment = now
      countOutput()
      // There was more than fits into one call.
      if !isWriteBlocked { loop.queueWrite(self) }
      if isOutputOverLimit { close(because: .outputLimit) }
    } else {
      releaseOutput()
      if state == .flushing { return linger(now: now) }
      if owesDrained {
        owesDrained = false
        if endsWriting { shutDown() }
        handler?.drained(self, now: now)
      }
    }
  }

  private func shutDown() {
    endsWriting = false
    do throws(SystemError) {
      try descriptor.shutdown(.writing)
    } catch {
      close(because: .failed(error))
    }
  }

  /// While the connection is still queued: what is appended is for this very `send`.
  @inline(never)
  private func collect(now: Moment) {
    collectsOutput = false
    if isOpen { handler?.collected(self, now: now) }
  }

  /// The poller says that there is room, which it does with everything else that it says.
  func becameWritable() {
    if !isWriteBlocked { return }
    isWriteBlocked = false
    loop.queueWrite(self)
  }

  /// An outgoing connection has arrived, or never will.
  func settleConnect(now: Moment) {
    if let error = descriptor.pendingError(of: "connect") {
      return close(because: .connectFailed(error))
    }
    cancelTimer()
    state = .open
    isWriteBlocked = false
    if outputCount > 0 {
      owesDrained = true
      loop.queueWrite(self)
    }
    handler?.connected(self, now: now)
  }

  func releaseOutput() {
    loop.outputs.give(pending.releaseMemory())
    if outputCounted != 0 { countOutput() }
  }

  func cancelTimer() {
    if let timer { loop.timers.cancel(timer) }
    timer = nil
  }

  /// Keeps the loop's sum of what waits to be sent, and that of the group.
  func countOutput() {
    let step = outputCount &+ outputHeld &- outputCounted
    if step == 0 || state == .closing || state == .closed { return }
    loop.counters.outputBytesWaiting.wrappingAdd(step, ordering: .relaxed)
    outputCounted &+= step
    if step > 0 { ledger?.add(step, on: loop) } else { ledger?.subtract(0 &- step) }
  }

  /// It is in those sums no more, nor will it be.
  func uncountOutput() {
    loop.counters.outputBytesWaiting.wrappingSubtract(outputCounted, ordering: .relaxed)
    ledger?.subtract(outputCounted)
    outputCounted = 0
  }

  private func linger(now: Moment) {
    if peerHasFinished { return close() }
    do throws(SystemError) {
      try descriptor.shutdown(.writing)
    } catch {
      return close()
    }
    state = .lingering
    releaseInput()
    if mayHoldMore { loop.queueRetry(self) }
    timer = loop.schedule(at: now.advanced(by: Limits.lingerTimeout), self, token: 0)
  }
}

extension Connection: TimerTarget {
  /// The only deadlines of its own are those of connecting and of lingering.
  package func timerFired(_ token: Int, now: Moment) {
    timer = nil
    close(because: state == .connecting ? .connectTimedOut : .requested)
  }
}
