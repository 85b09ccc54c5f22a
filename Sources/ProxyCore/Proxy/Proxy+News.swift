internal import Synchronization

extension Proxy {
  package func tell(_ news: ClientNews) { settings.clientObserver?(news) }

  /// Connects before the first request, so that it does not wait for a connection, and so that what is
  /// wrong with it is known. From any thread.
  package func connect() {
    for seat in seats {
      _ = seat.mailbox.send(.perform { worker, now in worker?.connect(now: now) })
    }
  }

  func linkIsReady() {
    if isKnownConnected.exchange(true, ordering: .relaxed) { return }
    settings.observer?(.connected)
  }

  func linkWasLost(_ link: LinkConnection, because error: RedisError) {
    // A link of a client's own may be refused for what only that client is.
    if error.reason == .closed || isConnected { return }
    if case .pinned = link.profile.role { return }
    noteFailure(error)
    tellAway(error)
  }

  private func tellAway(_ error: RedisError) {
    let wasKnown = isKnownConnected.exchange(false, ordering: .relaxed)
    if isKnownAway.exchange(true, ordering: .relaxed) && !wasKnown { return }
    settings.observer?(.away(error))
  }

  /// Redis was heard on some link.
  package func noteHeard(_ moment: Moment) {
    if moment.nanoseconds > heardAt.load(ordering: .relaxed) {
      heardAt.store(moment.nanoseconds, ordering: .relaxed)
    }
    let since = silentSince.load(ordering: .relaxed)
    guard since != 0, moment.nanoseconds > since,
      silentSince.compareExchange(expected: since, desired: 0, ordering: .relaxed).exchanged,
      isConnected
    else { return }
    linkIsReady()
  }

  /// Something has not been answered since `moment`. Whether that is so of everything for so long that Redis
  /// counts as away, open connections or not.
  func noteUnanswered(since moment: Moment, now: Moment) -> Bool {
    let heard = Moment(nanoseconds: heardAt.load(ordering: .relaxed))
    guard now.since(moment) >= settings.silenceMax, now.since(heard) >= settings.silenceMax else {
      return false
    }
    if isConnected {
      awaySince.store(now.nanoseconds, ordering: .relaxed)
      silentSince.store(now.nanoseconds, ordering: .relaxed)
      let seconds = Int(clamping: settings.silenceMax.components.seconds)
      let error = error(.silent(seconds: max(1, seconds)))
      noteFailure(error)
      tellAway(error)
    }
    return true
  }

  /// A link has reached a server that may be another one than before: what was known of that is not a last
  /// known value any more.
  func linkIsUnidentified() {
    if settings.rules.contains(.unidentified) {
      for worker in 0..<workerCount { cache.trust.forgetLastKnown(of: worker) }
    }
    if isKnownUnidentified.exchange(true, ordering: .relaxed) { return }
    settings.observer?(.unidentified)
  }

  /// The next server to answer may be another than this link had reached: nothing fetched so far is trusted, and
  /// every link reconnects.
  func unidentifiedLinkWasLost(_ link: LinkConnection, now: Moment) {
    guard settings.rules.contains(.unidentified) else { return }
    for worker in 0..<workerCount { endGeneration(of: worker) }
    for seat in seats {
      _ = seat.mailbox.send(
        .renewUnidentified(readyBefore: now, withClients: !link.profile.role.isPinned))
    }
  }

  /// Calls `body` on a worker once all workers have noticed which of their links have ended by now. A turn of a loop
  /// that has begun may have looked before that: the one after it has not, so each worker is visited twice.
  func settleLosses(
    for home: Int, visited: Int = 0, _ body: @escaping @Sendable (Worker?, Moment) -> Void
  ) {
    let isLast = visited == 2 * workerCount
    let next = isLast ? home : visited % workerCount
    _ = seats[next].mailbox.send(
      .perform { [self] worker, now in
        if isLast { return body(worker, now) }
        settleLosses(for: home, visited: visited + 1, body)
      })
  }

  func linkIsUntracked(_ server: LinkServer) {
    guard settings.coherence != .timeToLive, case .refused(let reply) = server.tracking else {
      return
    }
    if isKnownUntracked.exchange(true, ordering: .relaxed) { return }
    settings.observer?(.untracked(error(.trackingRefused(reply))))
  }
}

extension Worker {
  /// The links that most requests need.
  func connect(now: Moment) {
    if isClosed { return }
    let database = UInt32(clamping: proxy.settings.url.database)
    home.connect(to: database, now: now)
    // One worker's will do to learn what Redis's commands are.
    if index > 0 { return }
    let name = SharedLink.Name.shared(.two, database: database, .reads, isSpare: false)
    try? shared(name, now: now).start(now: now)
  }
}
