internal import Synchronization

/// Redis that answers nothing, or nothing over one link, while connections stay open: a server that stands still, a
/// network that is cut, a tunnel that acknowledges and hangs.
extension Worker {
  func scheduleSilenceLook(now: Moment) {
    let pause = proxy.settings.silenceMax / Limits.silenceLooks
    _ = loop.schedule(at: now.advanced(by: pause), self, token: Timer.silence.rawValue)
  }

  func lookForSilence(now: Moment) {
    defer { silenceLookedAt = now }
    // Where this process stood still, answers wait to be read.
    let stoodStill = now.since(silenceLookedAt) > proxy.settings.silenceMax / 2
    var heard = Moment(nanoseconds: 0)
    var unanswered = Moment.distantFuture
    var silent: [(link: LinkConnection, strand: CommandStrand?)] = []
    func look(at link: LinkConnection, _ strand: CommandStrand?) {
      heard = max(heard, link.heardAt)
      guard let since = link.unansweredSince else { return }
      unanswered = min(unanswered, since)
      if now.since(since) >= proxy.settings.silenceMax { silent.append((link, strand)) }
    }
    for link in home.links.values { look(at: link.connection, .reads) }
    for link in sharedLinks.values {
      guard case .shared(_, _, let strand, _) = link.name else { continue }
      look(at: link.connection, strand)
    }
    noteFlood()
    for link in pinnedLinks.values { heard = max(heard, link.connection.heardAt) }
    proxy.noteHeard(heard)
    if stoodStill { return suspects.removeAll() }
    let isAway = unanswered < now && proxy.noteUnanswered(since: unanswered, now: now)
    if silent.isEmpty { return suspects.removeAll() }
    guard isAway else { return suspect(silent, now: now) }
    home.answerLastKnown(now: now)
    // If all links hang alike, only a new connection shows that Redis answers.
    probeServer(now: now)
  }

  /// Gives up links that were not answered at the last look either, while Redis answers over others. What was heard
  /// may be old, and waited here to be read; or Redis has ended a client's wait while it held all others back. So
  /// Redis is asked again: over a new connection or, for a link for writes or scripts, which may wait for a pause or
  /// a script to end, whether it holds any client back.
  private func suspect(
    _ silent: [(link: LinkConnection, strand: CommandStrand?)], now: Moment
  ) {
    let former = suspects
    suspects = [:]
    for (link, strand) in silent {
      guard let since = link.unansweredSince else { continue }
      guard proxy.wasHeard(after: since.advanced(by: proxy.settings.silenceMax / 2)) else {
        probeServer(now: now)
        continue
      }
      let isKnown = former[ObjectIdentifier(link)] == since
      if strand == .reads {
        suspects[ObjectIdentifier(link)] = since
        if isKnown && probeAnsweredAt > since.advanced(by: proxy.settings.silenceMax) {
          giveUp(link, now: now)
        } else {
          probeServer(now: now)
        }
      } else if isKnown {
        giveUp(link, now: now)
      } else {
        askWhetherBlocked(link, since: since, now: now)
      }
    }
  }

  private func giveUp(_ link: LinkConnection, now: Moment) {
    suspects[ObjectIdentifier(link)] = nil
    proxy.settings.observer?(.unanswered(link.profile.role == .fill ? .fill : .shared))
    link.renew(because: .timedOut, now: now)
  }

  /// Suspects a link where Redis holds no client back: what it has not answered has not reached it, or its answer
  /// does not come.
  private func askWhetherBlocked(_ link: LinkConnection, since: Moment, now: Moment) {
    inquire("clients", over: nil, now: now) { [unowned self] text, _ in
      guard let text, String(decoding: text, as: UTF8.self).contains("blocked_clients:0\r\n"),
        link.unansweredSince == since
      else { return }
      suspects[ObjectIdentifier(link)] = since
    }
  }

  // MARK: Room

  /// What waits to be sent over all shared links.
  package var unsentBytes: Int { sharedLinks.values.reduce(0) { $0 + $1.connection.unsentCount } }

  /// What waits most to be sent over a client's own link.
  package var pinnedUnsentMax: Int { pinnedLinks.values.map(\.outputCount).max() ?? 0 }

  /// Has `linkHasRoom` called when less waits.
  package func waitForRoom(_ caller: any Caller, now: Moment) {
    if roomWaits.isEmpty { scheduleRoomLook(now: now) }
    roomWaits.append(caller)
  }

  /// They look again, in the order in which they came, and wait again where there is no room for them: all where no
  /// link is full, or else some.
  func offerRoom(now: Moment) {
    if isClosed { return roomWaits.removeAll() }
    noteFlood()
    let isFull = sharedLinks.values.contains {
      $0.connection.unsentCount > Limits.sharedUnsentBytesMax / 2
    }
    let count = isFull ? min(roomWaits.count, Limits.roomOffersMax) : roomWaits.count
    let waits = roomWaits.prefix(count)
    roomWaits.removeFirst(count)
    if !roomWaits.isEmpty { scheduleRoomLook(now: now) }
    for caller in waits { caller.linkHasRoom(now: now) }
  }

  private func noteFlood() {
    let isFlooded = sharedLinks.values.contains { $0.connection.isFilling }
    floodSwitch.store(isFlooded, ordering: .relaxed)
  }

  private func scheduleRoomLook(now: Moment) {
    _ = loop.schedule(
      at: now.advanced(by: Limits.linkRoomPause), self, token: Timer.room.rawValue)
  }
}

extension Proxy {
  /// Whether Redis counts as away although there are links.
  var isSilent: Bool { silentSince.load(ordering: .relaxed) != 0 }

  /// Whether Redis was heard after `moment`, over any link, as far as workers have looked.
  func wasHeard(after moment: Moment) -> Bool {
    heardAt.load(ordering: .relaxed) > moment.nanoseconds
  }
}
