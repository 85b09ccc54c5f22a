internal import Glibc
internal import ProxyCore

/// The program from its start to its end, as signals have it.
struct Service {
  private let invocation: Invocation
  private var configuration: Configuration
  private let log: Log
  private let supervisor: Supervisor
  private var room: Room
  private let server: Server
  private var requests: RequestLog

  /// Starts it.
  init(
    _ invocation: Invocation, _ configuration: Configuration, _ supervisor: Supervisor
  ) throws(Server.StartFailure) {
    self.invocation = invocation
    self.configuration = configuration
    self.supervisor = supervisor
    Signals.prepare()
    let log = try Self.log(configuration)
    self.log = log
    let defaults = Configuration()
    let chosen = Setting.all.filter { $0.differs(between: configuration, and: defaults) }
    for setting in chosen {
      let text = setting.text(configuration)
      log.verbose(.setting, "\(setting.name)=\(text)", LogField("name", setting.name))
    }
    for warning in configuration.warnings { log.warning(.advice, warning) }
    room = Room(for: configuration, log)
    let place = configuration.redis.server
    do throws(Server.StartFailure) {
      server = try Server(
        room.fit(configuration), sockets: supervisor.sockets, observer: { log.tell($0, of: place) },
        clientObserver: { log.tell($0) })
      requests = RequestLog(log, of: server)
      try requests.begin(configuration)
    } catch {
      // Before the line that says why.
      log.close()
      throw error
    }
    log.notice(
      .started, "proxyd \(ProgramVersion.current): \(server.description)",
      LogField("version", ProgramVersion.current))
    supervisor.tellReady(server.description)
  }

  /// Serves until it is told to end.
  mutating func run() {
    while true {
      switch Signals.next() {
      case SIGHUP: reload()
      case .some(let number): return end(because: number)
      case nil: break
      }
    }
  }

  private static func log(_ configuration: Configuration) throws(Server.StartFailure) -> Log {
    do throws(SystemError) {
      return try Log(level: configuration.logLevel, format: configuration.logFormat)
    } catch {
      throw Server.StartFailure(description: "the log cannot start: \(error)")
    }
  }

  // MARK: SIGHUP

  /// Reads the settings again and takes over what can change while it runs.
  private mutating func reload() {
    supervisor.tellReloading()
    defer { supervisor.tellReady(server.description) }
    let changed: [Setting]
    do throws(ConfigurationError) {
      let fresh = try invocation.configuration()
      changed = Setting.all.filter { $0.differs(between: configuration, and: fresh) }
      var merged = configuration
      for setting in changed where setting.reloads { setting.copy(from: fresh, to: &merged) }
      try merged.checkCombinations()
      try merged.checkProtection(instead: configuration)
      try requests.set(merged.accessLog, merged.logFormat)
      configuration = merged
    } catch {
      // It may have been moved away all the same.
      try? requests.set(configuration.accessLog, configuration.logFormat)
      return log.warning(.reloadFailed, "SIGHUP: nothing was changed: \(error)")
    }
    log.set(level: configuration.logLevel, format: configuration.logFormat)
    room = Room(for: configuration, log)
    server.update(room.fit(configuration))
    let taken = changed.filter(\.reloads).map { "\($0.name)=\($0.text(configuration))" }
    let left = changed.filter { !$0.reloads }.map(\.name)
    let news = "SIGHUP: \(taken.isEmpty ? "nothing is new" : taken.joined(separator: ", "))"
    if left.isEmpty {
      log.notice(.reloaded, news)
    } else {
      log.warning(.reloaded, "\(news); a restart is needed for \(left.joined(separator: ", "))")
    }
    for warning in configuration.warnings { log.warning(.advice, warning) }
  }

  // MARK: The end

  /// Accepts no more clients, answers those who wait, and ends; a second signal ends it at once.
  private func end(because number: Int32) {
    supervisor.tellStopping()
    server.stopListening()
    let patience = configuration.drainTimeout
    let seconds = Setting.named("DRAIN_TIMEOUT")?.text(configuration) ?? ""
    let name = number == SIGTERM ? "SIGTERM" : "SIGINT"
    log.notice(.ending, "\(name): no new clients, and \(seconds) s for requests in flight")
    let deadline = Moment.now.advanced(by: patience)
    var left = Int.max
    // What came before is read first, in the loops' next turns.
    while left > 0 && Moment.now < deadline {
      switch Signals.next(within: Self.look) {
      case SIGTERM, SIGINT: Signals.die(of: number)
      default: left = server.askClientsToEnd()
      }
    }
    if left > 0 && patience > .zero {
      log.warning(.ending, "DRAIN_TIMEOUT: \(left) clients are cut off")
    }
    server.stop()
    requests.close()
    log.notice(.ended, "ended")
    log.close()
  }

  /// How often it is looked who is left.
  private static let look = Duration.milliseconds(10)
}

extension Log {
  /// Says what becomes of the way to Redis.
  func tell(_ news: RedisNews, of server: String) {
    let place = LogField("server", server)
    switch news {
    case .connected: notice(.redisConnected, "Redis at \(server) answers", place)
    case .away(let error) where error.lacksPassword:
      let what = "Redis at \(server) asks for a password, and there is none for it"
      let remedy = "set REDIS_PASSWORD, or put it into REDIS_URL"
      warning(.redisAway, "\(what): \(remedy); only clients that AUTH themselves are served", place)
    case .away(let error):
      var reason = error.description
      // Requests that were under way are told what became of them.
      if case .connectionLost = error.reason { reason = "Redis at \(server): connection lost" }
      warning(.redisAway, "\(reason); trying again until it answers", place)
    case .untracked(let error):
      warning(.redisUntracked, "\(error); entries are right only until they expire", place)
    case .unanswered(let kind):
      let what = "a \(kind) link to Redis at \(server) had no answer, though Redis answers others"
      warning(.redisUnanswered, "\(what): it is made again; does something hang between?", place)
    case .unidentified:
      let what = "Redis at \(server) does not say which server it is, since INFO is refused"
      let effect = "when a link is lost, all are connected again and nothing kept is trusted"
      warning(.redisUnidentified, "\(what); \(effect); give the proxy's user +info", place)
    }
  }

  /// Says what becomes of clients.
  func tell(_ news: ClientNews) {
    switch news {
    case .tooMany(let address, let limit):
      refused(address, "as many are there as MAX_CLIENTS lets in, \(limit)")
    case .stranger(let address):
      refused(address, "PROTECTED_MODE without a PASSWORD lets only this machine's in")
    case .unread(let address):
      let client = address?.description ?? "?"
      warning(
        .clientClosed, "the client \(client) left too many answers unread, and was cut off",
        LogField("client", client))
    case .unfinished(let address):
      let client = address?.description ?? "?"
      warning(
        .clientClosed,
        "the client \(client) had sent most of what is no whole request yet, and was refused: all together "
          + "sent more than CLIENT_INPUT_MAX", LogField("client", client))
    }
  }

  private func refused(_ address: SocketAddress?, _ reason: String) {
    let client = address?.description ?? "?"
    warning(
      .clientRefused, "the client \(client) was refused: \(reason)", LogField("client", client))
  }
}
