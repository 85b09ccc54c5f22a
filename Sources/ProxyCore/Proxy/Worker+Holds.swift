/// Writes of unknown outcome, whose keys are not kept for a while.
extension Worker {
  func hold(_ intents: HeldIntents, replaces: Bool, now: Moment) {
    if intents.isEmpty && !replaces { return }
    hold([HoldQueue.Hold(until: .distantFuture, intents: intents, replaces: replaces)], now: now)
  }

  private func hold(_ unknown: [HoldQueue.Hold], now: Moment) {
    let deadline = now.advanced(by: Limits.unknownWriteHold)
    if holds.isEmpty {
      _ = loop.schedule(at: deadline, self, token: Timer.holds.rawValue)
    }
    for var hold in unknown {
      hold.until = deadline
      holds.append(hold)
    }
  }

  /// Releases the keys of those writes of unknown outcome whose time has come, once Redis shows that it is awake:
  /// one that stood still may have such a write before it, and reads that before it answers a `PING`.
  func endHolds(now: Moment) {
    var due: [HoldQueue.Hold] = []
    while let hold = holds.removeDue(at: now) { due.append(hold) }
    if let next = holds.nextDeadline, !isClosed {
      _ = loop.schedule(at: next, self, token: Timer.holds.rawValue)
    }
    if due.isEmpty { return }
    var request = ByteBuffer()
    request.append("*1\r\n$4\r\nPING\r\n")
    var passage = Passage(.shared(.three, .reads), database: homeDatabase, effect: .none)
    passage.delivery = .tree
    do throws(ProxyError) {
      let recipient = Call.Recipient.task { [unowned self] reply in
        if case .success = reply {
          release(due)
        } else {
          keep(due, now: loop.now)
        }
      }
      try pass(request, passage, for: recipient, now: now)
    } catch {
      keep(due, now: now)
    }
  }

  private func keep(_ due: [HoldQueue.Hold], now: Moment) {
    if isClosed { release(due) } else { hold(due, now: now) }
  }

  /// Releases all of them, for the end.
  func abandonHolds() {
    var all: [HoldQueue.Hold] = []
    while let hold = holds.removeDue(at: .distantFuture) { all.append(hold) }
    release(all)
  }

  private func release(_ holds: [HoldQueue.Hold]) {
    for var hold in holds {
      hold.intents.release(from: cache)
      if hold.replaces { endReplacement() }
    }
  }
}
