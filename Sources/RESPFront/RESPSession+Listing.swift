internal import ProxyCore

/// What others may learn of a client, and do to it.
extension RESPSession {
  // MARK: What it is

  private var subscriptionCount: Int { pin?.link.subscriptionCount ?? 0 }

  private var kind: ClientFilter.ClientKind { subscriptionCount > 0 ? .pubsub : .normal }

  /// The user that the client is to Redis.
  private var user: [UInt8] {
    if let user = pin?.user { return user }
    return Array((worker.proxy.settings.url.username ?? "default").utf8)
  }

  /// The client's own link at Redis, by Redis's number, while something is under way on it.
  var waitingLinkID: Int? { traffic.isEmpty ? nil : pin?.link.redisID }

  // MARK: Surveys

  func matches(_ survey: ClientSurvey, now: Moment) -> Bool {
    let filter = survey.filter
    if let id = filter.id, id != client.id { return false }
    if let ids = filter.ids, !ids.contains(client.id) { return false }
    if let place = filter.address {
      guard let peer = connection?.peer, peer == place.address else { return false }
    }
    if let kind = filter.kind, kind != self.kind { return false }
    if let user = filter.user, user != self.user { return false }
    if let age = filter.ageSeconds, Self.seconds(from: presence.since, to: now) < age {
      return false
    }
    if let place = filter.localAddress {
      guard let own = connection?.localAddress, own == place.address else { return false }
    }
    return !(filter.sparesAsker && client.id == survey.asker)
  }

  /// Does to this client what a survey wants that means it.
  func answer(_ survey: ClientSurvey, _ part: inout SurveyPart, now: Moment) {
    part.count += 1
    switch survey.purpose {
    case .list:
      var text = ByteBuffer()
      describe(to: &text, now: now)
      let line = SurveyPart.Line(id: client.id, text: text.bytes.array)
      part.add(line, limit: options.outputBytesMax)
    case .kill:
      // Who asks is answered first.
      if client.id == survey.asker { part.includesAsker = true } else { kill(now: now) }
    case .redirect, .unblock: break
    }
  }

  /// As if it had gone by itself; it is in no list any more.
  private func kill(now: Moment) {
    roster?.leave(self)
    connection?.close()
    depart(now: now)
  }

  /// Ends a client that has said nothing for longer than `timeout`, unless it waits for something.
  func closeIfIdle(for timeout: Duration, now: Moment) {
    let waits = !traffic.isEmpty || stall != nil || subscriptionCount > 0
    if waits || pin?.isMonitoring == true {
      presence.lastHeard = now
    } else if now.since(presence.lastHeard) > timeout {
      connection?.close()
    }
  }

  // MARK: The line in a list

  /// A line of `CLIENT LIST`, as Redis 7.0 has it. What the proxy has no equal of is said as Redis says it
  /// of a client that has none: `argv-mem`, `multi-mem`, `rbp`, `obl` are 0, `rbs` is 1024. `tot-mem` is
  /// what is buffered and the size of the session itself.
  func describe(to text: inout ByteBuffer, now: Moment) {
    let connection = connection
    let owed = queue.buffered + (connection?.outputCount ?? 0)
    let waiting = connection?.inputCount ?? 0
    let room = connection?.inputAllocated ?? 0
    func add(_ name: StaticString, _ value: Int) {
      text.append(name)
      text.appendDecimal(value)
    }
    func add(_ name: StaticString, _ value: [UInt8]) {
      text.append(name)
      text.append(value)
    }
    add("id=", client.id)
    add(" addr=", Array((connection?.peer?.description ?? "").utf8))
    add(" laddr=", Array((connection?.localAddress?.description ?? "").utf8))
    add(" fd=", Int(connection?.descriptorNumber ?? -1))
    add(" name=", client.name)
    add(" age=", Self.seconds(from: presence.since, to: now))
    add(" idle=", Self.seconds(from: presence.lastHeard, to: now))
    add(" flags=", flags)
    add(" db=", Int(client.database))
    add(" sub=", subscriptions.count(.channels))
    add(" psub=", subscriptions.count(.patterns))
    add(" ssub=", subscriptions.count(.shards))
    add(" multi=", pin?.isInTransaction == true ? pin?.queued.commandCount ?? 0 : -1)
    add(" qbuf=", waiting)
    add(" qbuf-free=", max(0, room - waiting))
    text.append(" argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl=0")
    add(" oll=", owed > 0 ? 1 : 0)
    add(" omem=", owed)
    add(" tot-mem=", Self.ownBytes + room + owed)
    text.append(connection?.isOutputBlocked == true ? " events=rw" : " events=r")
    add(" cmd=", Array(presence.command.name(in: worker.commands).utf8))
    add(" user=", user)
    add(" redir=", pin?.isTracking == true ? pin?.targets.last?.clientID ?? 0 : -1)
    add(" resp=", Int(client.version.rawValue))
    if !client.libraryName.isEmpty || !client.libraryVersion.isEmpty {
      // Redis has these since 7.2.
      add(" lib-name=", client.libraryName)
      add(" lib-ver=", client.libraryVersion)
    }
    text.append("\n")
  }

  /// Redis's letters, in its order.
  private var flags: [UInt8] {
    var letters: [UInt8] = []
    func add(_ letter: Unicode.Scalar, if isSet: Bool) {
      if isSet { letters.append(UInt8(ascii: letter)) }
    }
    add("O", if: pin?.isMonitoring == true)
    add("P", if: subscriptionCount > 0)
    add("x", if: pin?.isInTransaction == true)
    add("b", if: blockedBy?.isBlocking == true)
    add("t", if: pin?.isTracking == true)
    add("c", if: isEnding)
    add("e", if: client.isProtectedFromEviction)
    return letters.isEmpty ? [UInt8(ascii: "N")] : letters
  }

  private static func seconds(from start: Moment, to end: Moment) -> Int {
    max(0, Int(clamping: end.milliseconds(since: start) / 1_000))
  }

  /// A session and its connection, as far as they are always there.
  private static let ownBytes = 1_536
}
