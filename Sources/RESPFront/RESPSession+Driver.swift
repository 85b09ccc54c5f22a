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
      return .taken(count)
    case .finished: endAfterReplies(now: now)
    case .aborted:
      // Which tells why, if that is why.
      settleOutput(on: connection)
      connection.close()
    }
    return .taken(bytes.byteCount)
  }

  /// The client sends no more, and is answered what it has sent. One that is blocked has gone, and
  /// so has one within a request.
  func finished(_ connection: Connection, now: Moment) {
    let hasGone = blockedBy?.isBlocking == true || upload != nil
    if hasGone { connection.close() } else { endAfterReplies(now: now) }
  }

  func hungUp(_ connection: Connection, now: Moment) {
    if blockedBy?.isBlocking == true { connection.close() }
  }

  /// What keeps a client waiting, and what a subscriber is told, may go on for ever: nobody waits for that.
  func wasAskedToEnd(_ connection: Connection, now: Moment) {
    if blockedBy?.isBlocking == true || !subscriptions.isEmpty {
      connection.close()
    } else if stall == nil && upload == nil && !connection.holdsInput {
      endAfterReplies(now: now)
    }
  }

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
    if reason == .outputLimit { lane.proxy.tell(.unread(connection.peer)) }
    if !access.pending.isEmpty { noteClose() }
    self.connection = nil
    if traffic.fetches > 0 { for read in queue.reads { lane.abandonFetch(read, now: now) } }
    roster?.leave(self)
    stall = nil
    upload = nil
    endNamings(.gone)
    abandonPin(now: now)
    for loan in loans.values { lane.unpin(loan.link, isClean: false, now: now) }
    loans = [:]
    if case .held = permit { lane.releasePermit() }
    permit = .none
  }
}
