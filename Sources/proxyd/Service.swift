internal import Glibc
internal import ProxyCore

/// The program from its start to its end, as signals have it.
struct Service {
  private let invocation: Invocation
  private var configuration: Configuration
  private let log: Log
  private let supervisor: Supervisor
  private let server: Server

  /// Starts it.
  init(
    _ invocation: Invocation, _ configuration: Configuration, _ supervisor: Supervisor
  ) throws(Server.Failure) {
    self.invocation = invocation
    self.configuration = configuration
    self.supervisor = supervisor
    let log = Log(level: configuration.logLevel, format: configuration.logFormat)
    self.log = log
    Signals.prepare()
    let defaults = Configuration()
    let chosen = Setting.all.filter { $0.differs(between: configuration, and: defaults) }
    for setting in chosen { log.verbose("\(setting.name)=\(setting.text(configuration))") }
    for warning in configuration.warnings { log.warning(warning) }
    Self.raiseDescriptorLimit(for: configuration, log)
    let place = configuration.redis.server
    server = try Server(configuration, sockets: supervisor.sockets) { log.tell($0, of: place) }
    log.notice("proxyd \(Main.version): \(server.description)")
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

  // MARK: Descriptors

  /// Whatever a process has besides clients and their links: its loops' pollers, wakers and links, files.
  private static func descriptorsNeeded(_ configuration: Configuration) -> Int {
    configuration.clientsMax + configuration.pinnedMax + 16 * configuration.threads
      + Limits.adminConnectionsMax + 32
  }

  private static func raiseDescriptorLimit(for configuration: Configuration, _ log: Log) {
    let needed = descriptorsNeeded(configuration)
    guard let limit = try? FileDescriptorLimit.raise(to: needed), limit < needed else { return }
    log.warning(
      "this process may have \(limit) files open, and MAX_CLIENTS and PINNED_MAX may need \(needed):"
        + " raise the limit (LimitNOFILE=, ulimit -n) or lower them")
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
      configuration = merged
    } catch {
      return log.warning("SIGHUP: nothing was changed: \(error)")
    }
    log.set(level: configuration.logLevel, format: configuration.logFormat)
    server.update(configuration)
    let taken = changed.filter(\.reloads).map { "\($0.name)=\($0.text(configuration))" }
    let left = changed.filter { !$0.reloads }.map(\.name)
    let news = "SIGHUP: \(taken.isEmpty ? "nothing is new" : taken.joined(separator: ", "))"
    if left.isEmpty {
      log.notice(news)
    } else {
      log.warning("\(news); a restart is needed for \(left.joined(separator: ", "))")
    }
    for warning in configuration.warnings { log.warning(warning) }
  }

  // MARK: The end

  /// Lets nobody in, waits for those who are owed an answer, and ends; at once where it is told again.
  private func end(because number: Int32) {
    supervisor.tellStopping()
    server.stopListening()
    let patience = configuration.drainTimeout
    let seconds = Setting.named("DRAIN_TIMEOUT")?.text(configuration) ?? ""
    let name = number == SIGTERM ? "SIGTERM" : "SIGINT"
    log.notice("\(name): no new clients, and \(seconds) s for requests in flight")
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
      log.warning("DRAIN_TIMEOUT: \(left) clients are cut off")
    }
    server.stop()
    log.notice("ended")
  }

  /// How often it is looked who is left.
  private static let look = Duration.milliseconds(10)
}

extension Log {
  /// Says what becomes of the way to Redis.
  func tell(_ news: RedisNews, of server: String) {
    switch news {
    case .connected: notice("Redis at \(server) answers")
    case .away(let error):
      var reason = error.description
      // Requests that were under way are told what became of them.
      if case .connectionLost = error.reason { reason = "Redis at \(server): connection lost" }
      warning("\(reason); trying again until it answers")
    case .untracked(let error): warning("\(error); entries are right only until they expire")
    }
  }
}
