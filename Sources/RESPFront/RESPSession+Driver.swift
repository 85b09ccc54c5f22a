internal import ProxyCore

/// The session on its connection.
extension RESPSession: ConnectionHandler {
  var prepares: Bool { true }

  func arrived(_ bytes: RawSpan) { foreseen = foresee(bytes, at: 0) }

  func received(
    _ bytes: RawSpan, on connection: Connection, now: Moment
  ) -> Consumption {
    presence.lastHeard = now
    switch take(bytes, now: now) {
    case .taken(let count, let needing):
      settleOutput(on: connection)
      return .taken(count, needing: needing)
    case .stalled(let count):
      connection.pauseReading()
      settleOutput(on: connection)
      if presence.hasHungUp { endWait(of: connection, now: now) }
      return .taken(count)
    case .finished: endAfterReplies(now: now)
    case .aborted:
      // Which tells why, if that is why.
      settleOutput(on: connection)
      connection.close()
    }
    return .taken(bytes.byteCount)
  }

  /// The client sends no more, and is answered what it has sent. One within a request has gone.
  func finished(_ connection: Connection, now: Moment) {
    presence.hasHungUp = true
    if let upload {
      if let ticket = upload.ticket { queue.drop(ticket) }
      self.upload = nil
      return depart(now: now)
    }
    endAfterReplies(now: now)
    endWait(of: connection, now: now)
  }

  func hungUp(_ connection: Connection, now: Moment) {
    presence.hasHungUp = true
    endWait(of: connection, now: now)
  }

  /// Has Redis hear that a client sends no more which may be waiting for ever. If it does, that ends the wait, and
  /// what came behind it is not looked at; if Redis has answered meanwhile, that is handed on.
  private func endWait(of connection: Connection, now: Moment) {
    guard blockedBy?.isBlocking == true else { return }
    if let link = pin?.link { link.finish(now: now) } else { connection.close() }
  }

  /// Whether a request has failed because its client sends no more.
  func hasGoneWaiting(for ticket: UInt64) -> Bool {
    presence.hasHungUp && blockedBy?.isBlocking == true && blockedBy?.ticket == ticket
  }

  /// What keeps a client waiting, and what a subscriber is told, may go on for ever, so shutdown does not wait for it.
  func wasAskedToEnd(_ connection: Connection, now: Moment) {
    if blockedBy?.isBlocking == true || !subscriptions.isEmpty {
      connection.close()
    } else if stall == nil && upload == nil && connection.hasReadAll {
      endAfterReplies(now: now)
    }
  }

  /// It is told in its turn: what it has asked for before is answered first. Within a request that is passed on as
  /// it comes, there is no turn to tell it in.
  func inputIsTooMuch(_ connection: Connection, now: Moment) {
    worker.proxy.tell(.unfinished(connection.peer))
    if upload != nil { return connection.close() }
    stall = nil
    if !client.replies.drops { reply { $0.appendError(Self.inputTooMuch) } }
    endAfterReplies(now: now)
  }

  private static let inputTooMuch: StaticString =
    "ERR all clients together have sent more than CLIENT_INPUT_MAX of unfinished requests, and this one the most"

  private func endAfterReplies(now: Moment) {
    isEnding = true
    if queue.isEmpty { depart(now: now) } else { connection?.pauseReading() }
  }

  /// The client has nothing more to come. Others find it no more, and what it kept at Redis ends: as there,
  /// that does not wait until it has read its last answer and closed its side.
  func depart(now: Moment) {
    connection?.closeAfterFlushing()
    if presence.hasDeparted { return }
    presence.hasDeparted = true
    endNamings(.gone)
    abandonPin(now: now)
  }

  func drained(_ connection: Connection, now: Moment) { speedUp() }

  func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    if reason == .outputLimit { worker.proxy.tell(.unread(connection.peer)) }
    if !access.pending.isEmpty { noteClose() }
    self.connection = nil
    queue.dropAll()
    if traffic.fetches > 0 { for read in queue.reads { worker.abandonFetch(read, now: now) } }
    roster?.leave(self)
    stall = nil
    upload = nil
    endNamings(.gone)
    abandonPin(now: now)
    for loan in loans.values { worker.unpin(loan.link, isClean: false, now: now) }
    loans = [:]
    if case .held = permit { worker.releasePermit() }
    permit = .none
  }
}

@available(*, unavailable)
extension RESPSession: Sendable {}
