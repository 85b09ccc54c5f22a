internal import ProxyCore

extension RESPSession {
  /// Nil where the client may do what the request at hand does. Else what becomes of that request: it waits until
  /// Redis has been asked, or has been refused.
  ///
  /// What clients share is asked over the control link, which no script holds up.
  func clear(_ right: Right, user: [UInt8]? = nil, _ length: Int, now: Moment) -> Step? {
    switch clearance {
    case .given:
      clearance = nil
      return nil
    case .refused(let error):
      clearance = nil
      noteOutcome(.redisError)
      reply { $0.appendError(error.rawSpan) }
      return .done(length)
    case .asked: return stall(.clearance)
    case nil: break
    }
    guard traffic.isEmpty else { return stall(.quiet) }
    let ownLink = pin?.hasIdentity == true ? pin?.link : nil
    if ownLink == nil && worker.proxy.cannotBeAsked {
      clearance = lastKnown(right)
      return clear(right, user: user, length, now: now)
    }
    ask(right, user, over: ownLink, now: now)
    if case .asked = clearance { return stall(.clearance) }
    return clear(right, user: user, length, now: now)
  }

  private func ask(_ right: Right, _ user: [UInt8]?, over ownLink: PinnedLink?, now: Moment) {
    var passage = Passage(
      ownLink.map { .pinned($0) } ?? .control, database: client.database, effect: .none)
    passage.delivery = .answer
    let ticket = Self.questionTickets | UInt64(truncatingIfNeeded: now.nanoseconds)
    var timer: TimerHandle?
    if ownLink == nil {
      let deadline = now.advanced(by: Limits.rightsPatience)
      timer = worker.loop.schedule(at: deadline, self, token: Int(truncatingIfNeeded: ticket))
    }
    clearance = .asked(.init(right: right, user: user, ticket: ticket, timer: timer))
    do throws(ProxyError) {
      try worker.pass(right.question(user).rawSpan, passage, for: self, ticket: ticket, now: now)
    } catch {
      answer(question: ticket, .failure(error))
    }
  }

  /// No place in the queue of replies has such a number.
  private static let questionTickets: UInt64 = 1 << 63

  static func isQuestion(_ ticket: UInt64) -> Bool { ticket & questionTickets != 0 }

  /// Redis has answered, or has not in time (nil). The request that waits is looked at again.
  func answer(question ticket: UInt64, _ answer: Result<RESPValue, ProxyError>?) {
    if case .success = answer { worker.proxy.noteHeard(worker.loop.now) }
    guard case .asked(let question) = clearance, question.ticket == ticket else { return }
    if let timer = question.timer { worker.loop.cancel(timer) }
    clearance = cleared(question.right, question.user, by: answer)
    if stall == .clearance { resume() }
  }

  private func cleared(
    _ right: Right, _ user: [UInt8]?, by answer: Result<RESPValue, ProxyError>?
  ) -> Clearance {
    let isShared = pin?.hasIdentity != true
    switch answer {
    case .success(.error(let error)) where right.isRefused(by: error, user):
      if isShared && user == nil { worker.proxy.noteRights(right.bit, areRefused: true) }
      return .refused(error.bytes)
    case .success:
      if isShared { worker.proxy.noteRights(right.bit, areRefused: false) }
      return .given
    case .failure(.redis(let error)):
      if case .authenticationFailed = error.reason { return .refused(Self.noAuthentication) }
    case .failure, nil: break
    }
    // With its own link a client's identity ends.
    return isShared ? lastKnown(right) : .refused(Self.noPermission)
  }

  /// What holds while Redis cannot be asked: who looks after the proxy needs to see it just then.
  private func lastKnown(_ right: Right) -> Clearance {
    if worker.proxy.isLockedOut { return .refused(Self.noAuthentication) }
    return worker.proxy.refusesRights(right.bit) ? .refused(Self.noPermission) : .given
  }

  private static let noAuthentication = Array("NOAUTH Authentication required.".utf8)
  private static let noPermission = Array(
    "NOPERM Redis does not let the proxy's user do this, as far as is known while Redis does not answer"
      .utf8)
}

extension RESPSession: TimerTarget {
  /// Redis was asked, and stands still.
  func timerFired(_ token: Int, now: Moment) {
    worker.proxy.noteUnheard(now: now)
    answer(question: UInt64(bitPattern: Int64(token)), nil)
  }
}
