internal import HTTP
internal import ProxyCore

/// The session on its connection.
extension HTTPSession: ConnectionHandler {
  func received(
    _ bytes: RawSpan, on connection: Connection, now: Moment
  ) -> Consumption {
    switch take(bytes, now: now) {
    case .taken(let count, let needing): return .taken(count, needing: needing)
    case .stalled(let count):
      connection.pauseReading()
      return .taken(count)
    case .yielded(let count): return .yielded(count)
    case .ended: return .taken(bytes.byteCount)
    }
  }

  /// The client sends no more, and is answered what it has sent as a whole.
  func finished(_ connection: Connection, now: Moment) {
    switch stage {
    case .waiting: exchange?.request.close()
    case .body, .stalled: connection.close()
    case .head, .ended: end(now: now)
    }
  }

  /// What was asked for is answered, the last of it with the word that it is the last. Who asks for one thing after
  /// the other is given a moment to hear that with the next response: until its request had come, a client could
  /// not be told.
  func wasAskedToEnd(_ connection: Connection, now: Moment) {
    desk.beginEnding()
    let isIdle = stage == .head && watch.phase == .idle
    if isIdle && connection.hasReadAll && now.since(watch.since) > Limits.httpFarewellPause {
      end(now: now)
    } else if stage != .head && !connection.holdsInput {
      exchange?.request.close()
    }
  }

  func inputIsTooMuch(_ connection: Connection, now: Moment) {
    worker.proxy.tell(.unfinished(connection.peer))
    if stage == .waiting {
      exchange?.request.close()
      answerWaiting(
        HTTPProblem(.serviceUnavailable, HTTPError.inputTooMuch.description), as: .refused, now: now
      )
    } else {
      refuse(.inputTooMuch, now: now)
    }
  }

  func drained(_ connection: Connection, now: Moment) {
    // Until now what was sent was on its way.
    if watch.phase == .idle || watch.phase == .delivery { watch.since = now }
    exchange?.link?.resumeReading()
  }

  func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    if let timer { worker.loop.cancel(timer) }
    timer = nil
    if reason == .outputLimit { worker.proxy.tell(.unread(connection.peer)) }
    if access != nil { writeDownGone() }
    self.connection = nil
    worker.proxy.clients.leave(.http)
    leaveExchange(linkIsClean: false, now: now)
    stage = .ended
  }
}

extension HTTPSession: TimerTarget {
  /// From now on this is waited for.
  func watch(_ phase: Watch.Phase, now: Moment) {
    watch.since = now
    watch.bodyBytes = 0
    // From idle to idle nothing comes earlier.
    if phase == .idle && watch.phase == .idle { return }
    watch.phase = phase
    if deadline < watch.timerMoment { armTimer() }
  }

  private var deadline: Moment {
    let options = desk.options
    let patience =
      switch watch.phase {
      case .idle: options.idleMax
      case .head: options.headMax
      case .body: options.bodyPeriod
      case .redis: options.redisTimeout
      case .delivery: options.deliveryPeriod
      }
    return watch.since.advanced(by: patience)
  }

  func armTimer() {
    watch.timerMoment = deadline
    if let timer, worker.loop.reschedule(timer, at: watch.timerMoment) { return }
    timer = worker.loop.schedule(at: watch.timerMoment, self, token: 0)
  }

  func timerFired(_ token: Int, now: Moment) {
    timer = nil
    guard let connection else { return }
    watch.timerMoment = .distantFuture
    if deadline <= now { expire(connection, now: now) }
    if timer == nil && self.connection != nil { armTimer() }
  }

  private func expire(_ connection: Connection, now: Moment) {
    switch watch.phase {
    case .idle:
      if stage == .head && connection.outputCount == 0 {
        end(now: now)
      } else {
        waitForReader(connection, now: now)
      }
    case .head: refuse(.requestTooSlow, now: now)
    case .body:
      if watch.bodyBytes >= Limits.httpBodyBytesMin {
        watch(.body, now: now)
      } else {
        refuse(.requestTooSlow, now: now)
      }
    case .redis: answerWaiting(.redisTimedOut, as: .error, now: now)
    case .delivery: waitForReader(connection, now: now)
    }
  }

  /// Slow is not gone: the time counts from when the client last took something.
  private func waitForReader(_ connection: Connection, now: Moment) {
    watch.since = max(watch.since, connection.sendMoment)
    if deadline <= now { connection.close() }
  }
}
