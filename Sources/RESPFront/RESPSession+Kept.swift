internal import ProxyCore

/// What the proxy keeps of a client itself, so that using it costs no link.
extension RESPSession {
  func keep(_ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment) -> Step {
    defer { noteKept() }
    guard spec.accepts(argumentCount: parser.arguments.count) else {
      let name = worker.commands.name(at: spec.index)
      reply { ClientState.refuseCount(of: name, &$0) }
      return .done(length)
    }
    switch spec.verb {
    case .select: return select(request, length, now: now)
    case .hello: return hello(request, length, now: now)
    case .auth: return authenticate(request, length, now: now)
    case .reset: return reset(length, now: now)
    case .quit: return quit(length, now: now)
    case .clientGetName where pin != nil && !traffic.isEmpty,
      .clientSetName where pin != nil && !traffic.isEmpty:
      // A transaction that is under way may change the name.
      return stall(.quiet)
    default:
      let wasDropped = client.replies.drops
      var text = ByteBuffer()
      client.manageClient(spec.verb, parser.arguments, in: request, &text)
      // `CLIENT REPLY ON` is answered, though what came before it was not.
      if spec.verb == .clientReply || !wasDropped { reply { $0.append(text.bytes) } }
      return .done(length)
    }
  }

  // MARK: SELECT

  private func select(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    var refusal = ByteBuffer()
    guard
      let database = ClientState.database(
        parser.arguments.bytes(1, in: request), refusal: &refusal)
    else {
      reply { $0.append(refusal.bytes) }
      return .done(length)
    }
    if database == client.database && pin == nil {
      reply { $0.appendSimpleString("OK") }
      return .done(length)
    }
    // Over another link, what comes next could overtake what is under way.
    guard traffic.isEmpty else { return stall(.quiet) }
    if pin == nil && worker.knownDatabases.contains(database) {
      client.database = database
      reply { $0.appendSimpleString("OK") }
      return .done(length)
    }
    return askForDatabase(database, request, length, now: now)
  }

  /// Which databases there are only Redis knows.
  private func askForDatabase(
    _ database: UInt32, _ request: RawSpan, _ length: Int, now: Moment
  ) -> Step {
    let link: PinnedLink
    if let pin {
      link = pin.link
      self.pin?.leavesState = true
    } else {
      do throws(ProxyError) {
        link = try worker.pin(client.version, database: client.database, for: self)
      } catch {
        reply(error)
        return .done(length)
      }
    }
    let passage = Passage(.pinned(link), database: client.database, effect: .none)
    send(
      request, passage, Journey(.pass, bytes: length), note: .select(database),
      loan: pin == nil ? Loan(link: link, isClean: false) : nil, blocks: true, now: now)
    return .done(length)
  }

  // MARK: Identity

  private func hello(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    var refusal = ByteBuffer()
    var hello = HelloRequest()
    let isWhole = hello.read(parser.arguments, in: request, refusal: &refusal)
    guard isWhole else {
      // What comes before the fault counts, as at Redis.
      if client.isAuthenticated, let name = hello.name { client.name = name }
      reply { $0.append(refusal.bytes) }
      return .done(length)
    }
    // Replies that are due are in the version that they were asked for in.
    guard traffic.isEmpty else { return stall(.quiet) }
    if let credentials = hello.credentials {
      switch check(credentials) {
      case .accepted: accept()
      case .refused:
        reply { $0.appendError(Self.wrongPassword) }
        return .done(length)
      case .askRedis: return identify(credentials, then: hello, length, now: now)
      }
    } else if !client.isAuthenticated {
      reply {
        $0.append("-NOAUTH HELLO must be called with the client already authenticated, otherwise")
        $0.append(" the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the")
        $0.append(" client and select the RESP protocol version at the same time\r\n")
      }
      return .done(length)
    }
    greet(hello, now: now)
    return .done(length)
  }

  private func greet(_ hello: HelloRequest, now: Moment) {
    speak(hello.version, now: now)
    var text = ByteBuffer()
    greetClient(hello, &text)
    reply { $0.append(text.bytes) }
  }

  func greetClient(_ hello: HelloRequest, _ output: inout ByteBuffer) {
    let server = worker.proxy.server
    client.greeting.version = server.version ?? options.greeting.version
    client.greeting.isReplica = server.isReplica
    client.greet(hello, &output)
  }

  /// Has the client's own link speak as the client is about to.
  func speak(_ version: RESPVersion?, now: Moment) {
    guard let link = pin?.link, let version, version != client.version else { return }
    link.speak(version, now: now)
    pin?.leavesState = true
  }

  private func authenticate(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    let count = parser.arguments.count
    guard count <= 3 else {
      reply { $0.appendError("ERR syntax error") }
      return .done(length)
    }
    guard traffic.isEmpty else { return stall(.quiet) }
    let credentials = Credentials(
      user: count == 3 ? parser.arguments.bytes(1, in: request).array : nil,
      password: parser.arguments.bytes(count &- 1, in: request).array)
    switch check(credentials) {
    case .accepted:
      accept()
      reply { $0.appendSimpleString("OK") }
    case .refused: reply { $0.appendError(Self.wrongPassword) }
    case .askRedis: return identify(credentials, then: nil, length, now: now)
    }
    return .done(length)
  }

  private static let wrongPassword: StaticString =
    "WRONGPASS invalid username-password pair or user is disabled."

  private enum Check { case accepted, refused, askRedis }

  private func check(_ credentials: Credentials) -> Check {
    if let password {
      return credentials.match(password) ? .accepted : .refused
    }
    return credentials.match(worker.proxy.settings.url) && pin?.hasIdentity != true
      ? .accepted : .askRedis
  }

  /// What clients must give now, which may change while they are there.
  private var password: [UInt8]? {
    if let roster { roster.options.password } else { options.password }
  }

  private func accept() {
    client.isAuthenticated = true
    parser.isAuthenticated = true
  }

  /// An identity of the client's own is Redis's to give, and is kept on the client's own link: such a
  /// client reads nothing that others have fetched.
  private func identify(
    _ credentials: Credentials, then hello: HelloRequest?, _ length: Int, now: Moment
  ) -> Step {
    let identity = LinkIdentity(user: credentials.user, password: credentials.password)
    if pin == nil, let refusal = takePin(as: identity) {
      reply(refusal)
      return .done(length)
    }
    guard let link = pin?.link else { return .done(length) }
    var request = ByteBuffer()
    request.appendCommand(argumentCount: credentials.user == nil ? 2 : 3)
    request.appendArgument("AUTH")
    if let user = credentials.user { request.appendArgument(user) }
    request.appendArgument(credentials.password)
    let user = credentials.user ?? Array("default".utf8)
    let passage = Passage(.pinned(link), database: client.database, effect: .none)
    send(
      request.bytes, passage, Journey(.pass, bytes: length),
      note: .identity(user: user, then: hello),
      blocks: true, now: now)
    return .done(length)
  }

  private func reset(_ length: Int, now: Moment) -> Step {
    guard traffic.isEmpty else { return stall(.quiet) }
    client.reset()
    client.isAuthenticated = password == nil
    parser.isAuthenticated = client.isAuthenticated
    if let link = isTarget ? pin?.link : ownLinkThatAnswers {
      // A client that sees QUIT answered may count on it: its subscriptions have ended at Redis. Where others know
      // the client by the number of this link, that stays the same there too.
      let passage = Passage(.pinned(link), database: client.database, effect: .none)
      send(
        Array("*1\r\n$5\r\nRESET\r\n".utf8).rawSpan, passage, Journey(.pass, bytes: length),
        note: .reset, blocks: true, now: now)
      return .done(length)
    }
    abandonPin(now: now)
    reply { $0.appendSimpleString("RESET") }
    return .done(length)
  }

  /// Redis answers those who keep something there, so that it has ended when they hear so.
  private func quit(_ length: Int, now: Moment) -> Step {
    guard let link = ownLinkThatAnswers else {
      reply { $0.appendSimpleString("OK") }
      return .finish
    }
    // Redis is about to close it.
    link.endWithClient()
    let passage = Passage(.pinned(link), database: client.database, effect: .none)
    send(
      Array("*1\r\n$4\r\nQUIT\r\n".utf8).rawSpan, passage, Journey(.pass, bytes: length),
      note: .quit, now: now)
    return .finish
  }

  /// The client's own link, but for one on which a reply looks like what a monitor is shown.
  private var ownLinkThatAnswers: PinnedLink? { pin?.isMonitoring == true ? nil : pin?.link }

  /// Redis has reset the client's own link. If it stays the client's, it is greeted again as the proxy's links are.
  func resetPin(now: Moment) {
    guard let link = pin?.link else { return }
    link.forgetSubscriptions()
    link.noteVersion(.two)
    subscriptions = Subscriptions()
    pin = Pin(link: link)
    pin?.wasReset = true
    if !isTarget { return }
    let url = worker.proxy.settings.url
    var request = ByteBuffer()
    if let password = url.password {
      request.appendCommand(argumentCount: 3)
      request.appendArgument("AUTH")
      request.appendArgument(Array((url.username ?? "default").utf8))
      request.appendArgument(Array(password.utf8))
      try? link.precede(with: request.bytes, now: now)
      request.removeAll()
    }
    if client.database != 0 {
      request.appendCommand(argumentCount: 2)
      request.appendArgument("SELECT")
      request.appendArgument(Int(client.database))
      try? link.precede(with: request.bytes, now: now)
    }
  }
}

extension RESPSession {
  /// Whether Redis refuses nearly everything, because the client is a subscriber and speaks RESP2.
  var isConfined: Bool { client.version == .two && !subscriptions.isEmpty }

  /// Whether the proxy answers. What is queued in a transaction is executed by Redis, and what a subscriber
  /// may not do is refused by Redis.
  func isKeptHere(_ spec: CommandSpec) -> Bool {
    switch spec.verb {
    case .reset, .quit: true
    case .select, .hello, .auth, .clientID, .clientGetName, .clientSetName, .clientSetDetails,
      .clientReply, .clientNoEvict:
      pin?.isInTransaction != true && !isConfined
    default: false
    }
  }
}
