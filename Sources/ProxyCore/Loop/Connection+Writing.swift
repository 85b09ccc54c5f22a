internal import Synchronization

/// The write phase, for one connection.
extension Connection {
  /// One `send`, of everything. What the kernel does not take stays, and only then is it asked to
  /// say when it has room.
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
      if !pending.isEmpty { _ = try pending.send(over: descriptor) }
    } catch {
      return close(because: .failed(error))
    }
    if outputCount > 0 {
      isWriteBlocked = true
      countOutput()
      if isOutputOverLimit { close(because: .outputLimit) } else { updateWanted() }
    } else {
      releaseOutput()
      if state == .flushing { return linger(now: now) }
      if wanted.contains(.writing) {
        updateWanted()
        handler?.drained(self, now: now)
      }
    }
  }

  /// While the connection is still queued: what is appended is for this very `send`.
  @inline(never)
  private func collect(now: Moment) {
    collectsOutput = false
    if isOpen { handler?.collected(self, now: now) }
  }

  /// The poller says that there is room.
  func becameWritable() {
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
    updateWanted()
    if outputCount > 0 { loop.queueWrite(self) }
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
    updateWanted()
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
