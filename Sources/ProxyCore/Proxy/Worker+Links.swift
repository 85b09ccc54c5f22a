internal import Synchronization

/// The links of a worker: how they are made, what their greetings teach, whose they are.
extension Worker {
  func profile(_ role: LinkRole, database: UInt32) -> LinkProfile {
    var url = proxy.settings.url
    url.database = Int(database)
    var profile = LinkProfile(role: role, url: url)
    profile.connectTimeout = proxy.settings.connectTimeout
    profile.valueBytesMax = proxy.settings.valueBytesMax
    profile.name =
      switch role {
      case .fill: "proxyd-fill"
      case .shared: "proxyd-shared"
      case .pinned: "proxyd-pinned"
      case .control: "proxyd-control"
      }
    return profile
  }

  func connection(_ profile: LinkProfile, owner: any LinkOwner) -> LinkConnection {
    let connection = LinkConnection(profile, on: loop, resolver: resolver, owner: owner)
    connection.expectedRunID = proxy.runID
    return connection
  }

  /// A link is ready. False where it has reached another server than the others: it is on its way again.
  func greeted(_ link: LinkConnection, now: Moment) -> Bool {
    guard proxy.agree(on: link.server.runID) else {
      link.expectedRunID = proxy.runID
      link.renew(because: .serverReplaced, now: now)
      return false
    }
    link.expectedRunID = link.server.runID
    proxy.noteServer(link.server)
    if !link.isCounted { proxy.readyLinks.wrappingAdd(1, ordering: .relaxed) }
    link.isCounted = true
    proxy.noteHeard(now)
    if proxy.isConnected { proxy.linkIsReady() }
    if link.server.isUnidentified { proxy.linkIsUnidentified() }
    return true
  }

  /// Asks Redis which commands it has, where that is not known. What it does not tell is taken from the
  /// table that is built in.
  func learnCommands(over link: LinkConnection, now: Moment) {
    guard link.profile.role != .control, proxy.beginLearning(from: link.server.runID) else {
      return
    }
    var request = ByteBuffer()
    request.append("*1\r\n$7\r\nCOMMAND\r\n")
    let (proxy, mailbox) = (proxy, proxy.seats[index].mailbox)
    let call = Call(
      recipient: .task { reply in
        if case .failure = reply { proxy.forgetCommands() }
        proxy.endLearning((try? reply.get()).flatMap { CommandTable(learnedFrom: $0) })
        // In a later turn the reply is gone, which was most of what an idle proxy would have.
        _ = mailbox.send(.perform { _, _ in HeapMemory.giveBack() })
      }, effect: .none, sent: now)
    let token = calls.insert(call)
    do throws(RedisError) {
      try link.submit(LinkToken(token), .answer, request.bytes, now: now)
    } catch {
      calls.remove(token)
      proxy.forgetCommands()
      proxy.endLearning(nil)
    }
  }

  func lost(_ link: LinkConnection, because error: RedisError) {
    // What this side has closed was no loss.
    if error.reason != .closed { counters.linksLost.wrappingAdd(1, ordering: .relaxed) }
    if link.isCounted && link.server.isUnidentified && error.reason.isForeign {
      proxy.unidentifiedLinkWasLost(link, now: loop.now)
    }
    if link.isCounted, proxy.readyLinks.wrappingSubtract(1, ordering: .relaxed).newValue == 0,
      !proxy.isSilent
    {
      proxy.awaySince.store(loop.now.nanoseconds, ordering: .relaxed)
    }
    link.isCounted = false
    proxy.linkWasLost(link, because: error)
    if error.reason == .serverReplaced {
      proxy.serverWasReplaced(link.expectedRunID)
      link.expectedRunID = proxy.runID
    }
  }

  /// All links of this worker go where the name leads now. One of a client's own ends: what it holds there
  /// for its client is on the other server.
  func renewLinks(now: Moment) {
    home.renewLinks(now: now)
    for link in sharedLinks.values { renew(link.connection, now: now) }
    for link in pinnedLinks.values { renew(link.connection, now: now) }
  }

  /// Reconnects a link, unless it has reached the new server already or is about to see who answers.
  func renew(_ link: LinkConnection, now: Moment) {
    let runID = proxy.runID
    guard link.isReady, runID == nil || link.server.runID != runID else {
      link.expectedRunID = runID
      return
    }
    // Nil says that this link has nothing new to tell.
    link.expectedRunID = nil
    link.renew(because: .serverReplaced, now: now)
  }

  /// Reconnects the links that were ready at `moment`, when a link was lost, and whose server did not identify
  /// itself. If the lost link was a client's own, Redis may have closed it for what that client did, so other
  /// clients keep theirs.
  func renewUnidentified(readyBefore moment: Moment, withClients: Bool, now: Moment) {
    func renew(_ link: LinkConnection) {
      guard let since = link.readySince, since <= moment, link.server.isUnidentified else { return }
      link.renew(because: .serverReplaced, now: now)
    }
    for link in home.links.values { renew(link.connection) }
    for link in sharedLinks.values { renew(link.connection) }
    for link in pinnedLinks.values where withClients || link.stage != .busy {
      renew(link.connection)
    }
  }

  // MARK: Links of clients' own

  /// A link for `caller` alone, from the pool or a new one, until `unpin`. A new one greets Redis with
  /// `identity` where Redis does not let the proxy in.
  package func pin(
    _ version: RESPVersion, database: UInt32, identity: LinkIdentity? = nil,
    for caller: any Caller
  ) throws(ProxyError) -> PinnedLink {
    if isClosed { throw .redis(proxy.error(.closed)) }
    guard proxy.takePinned() else { throw .pinnedLimit(proxy.pinnedMax) }
    let link: PinnedLink
    let place = pinnedIdle.lastIndex { $0.version == version && $0.database == database }
    if let place {
      link = pinnedIdle.remove(at: place)
    } else {
      link = PinnedLink(version, database: database, identity: identity, of: self)
      pinnedLinks[ObjectIdentifier(link)] = link
    }
    pinnedBusy += 1
    link.stage = .busy
    link.caller = caller
    return link
  }

  /// The link is its client's no more. Where it has kept state for the client it is reset first, and
  /// where requests are without a reply it is closed.
  package func unpin(_ link: PinnedLink, isClean: Bool, now: Moment) {
    guard link.stage == .busy else { return }
    link.caller = nil
    link.stage = .returning
    pinnedBusy -= 1
    if link.isClosed { return }
    // Reset, it could become its client's again instead of the proxy's.
    let isForeign = link.identity != nil && (!isClean || link.connection.server.isForeign)
    let cannotBeReused = isForeign || link.endsWithClient
    if link.requestCount > 0 || !link.connection.isReady || cannotBeReused {
      link.connection.close(now: now)
    } else if isClean {
      pool(link, now: now)
    } else {
      link.connection.reset(now: now)
    }
  }

  /// A link that is as good as new waits for its next client.
  func pool(_ link: PinnedLink, now: Moment) {
    if pinnedIdle.count >= Limits.pinnedIdleMax || isClosed {
      return link.connection.close(now: now)
    }
    link.stage = .idle
    pinnedIdle.append(link)
    proxy.pinnedCount.wrappingSubtract(1, ordering: .relaxed)
  }

  /// A link has ended.
  func forget(_ link: PinnedLink) {
    guard pinnedLinks.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
    switch link.stage {
    case .idle: pinnedIdle.removeAll { $0 === link }
    case .busy:
      pinnedBusy -= 1
      proxy.pinnedCount.wrappingSubtract(1, ordering: .relaxed)
    case .returning: proxy.pinnedCount.wrappingSubtract(1, ordering: .relaxed)
    }
    link.stage = .idle
  }
}

extension Proxy {
  /// Counts one more link of a client's own, if there may be one.
  func takePinned() -> Bool {
    if pinnedCount.wrappingAdd(1, ordering: .relaxed).newValue <= pinnedMax { return true }
    pinnedCount.wrappingSubtract(1, ordering: .relaxed)
    return false
  }
}
