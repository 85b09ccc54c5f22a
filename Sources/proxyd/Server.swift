internal import AdminFront
internal import HTTP
internal import HTTPFront
internal import ProxyCore
internal import RESPFront

/// The running proxy: its loops, and the fronts on them.
struct Server {
  private let loops: [LoopThread]
  private let proxy: Proxy
  private let http: HTTPFront?
  private let resp: RESPFront?
  private let admin: AdminFront?

  /// Why it could not start: one line for people.
  struct StartFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether the configuration is to blame.
    var isMisconfiguration = false
  }

  /// - Parameter sockets: Those that listen already, by their fronts' names.
  init(
    _ configuration: Configuration, sockets: [String: Int32] = [:],
    observer: (@Sendable (RedisNews) -> Void)? = nil,
    clientObserver: (@Sendable (ClientNews) -> Void)? = nil
  ) throws(StartFailure) {
    let httpPlace = Place(
      "HTTP", configuration.httpHost, configuration.httpPort, inherited: sockets["http"])
    let respPlace = Place(
      "RESP", configuration.respHost, configuration.respPort, inherited: sockets["resp"])
    let adminPlace = Place(
      "ADMIN", configuration.adminHost, configuration.adminPort, inherited: nil)
    let httpAddress = try httpPlace.resolve()
    let respAddress = try respPlace.resolve()
    let adminAddress = try adminPlace.resolve()
    var loops: [LoopThread] = []
    do throws(SystemError) {
      for _ in 0..<configuration.threads { loops.append(try LoopThread(name: "proxyd-loop")) }
    } catch {
      throw StartFailure(
        description: "THREADS: \(configuration.threads) loops cannot start: \(error)")
    }
    self.loops = loops
    var settings = configuration.proxy
    settings.observer = observer
    settings.clientObserver = clientObserver
    let proxy: Proxy
    do throws(SystemError) {
      proxy = try Proxy(settings, loops: loops)
    } catch {
      throw StartFailure(description: "the resolver cannot start: \(error)")
    }
    self.proxy = proxy
    http = try httpPlace.listen(httpAddress) { address, inherited throws(SystemError) in
      try HTTPFront(
        on: address, inherited: inherited, loops: loops, proxy: proxy, options: configuration.http)
    }
    resp = try respPlace.listen(respAddress) { address, inherited throws(SystemError) in
      try RESPFront(
        on: address, inherited: inherited, loops: loops, proxy: proxy,
        options: configuration.resp(greeting: Self.greeting))
    }
    admin = try adminPlace.listen(adminAddress) { address, _ throws(SystemError) in
      try AdminFront(on: address, proxy: proxy, options: configuration.admin)
    }
    proxy.connect()
  }

  /// What `HELLO` says until links tell the version of the Redis in use: the oldest that has all that
  /// is answered here.
  private static let greeting = ServerGreeting(version: "7.0.0")

  var description: String {
    let fronts = [
      http.map { "HTTP on \($0.address)" }, resp.map { "RESP on \($0.address)" },
      admin.map { "metrics on \($0.address)" },
    ]
    let count = loops.count == 1 ? "1 loop" : "\(loops.count) loops"
    return (fronts.compactMap(\.self) + [count]).joined(separator: ", ")
  }

  /// Takes over all settings that can change while it runs.
  func update(_ configuration: Configuration) {
    proxy.cache.setLimits(
      capacity: configuration.cacheCapacity, bytesMax: configuration.cacheBytesMax,
      valueBytesMax: configuration.cacheValueMax)
    proxy.setTimeToLive(configuration.cacheTimeToLive)
    proxy.limiter.setPermits(configuration.concurrencyMax)
    proxy.limiter.setQueue(limit: configuration.queueMax, timeout: configuration.queueTimeout)
    proxy.pinnedMax = configuration.pinnedMax
    proxy.refusalsMax = configuration.refusalsMax
    proxy.staleIfError = configuration.staleIfError
    proxy.clients.setLimit(configuration.clientsMax)
    proxy.clientInput.limit = configuration.clientInputMax
    proxy.slowLog.setLimits(
      threshold: configuration.slowThreshold, countMax: configuration.slowRequestsMax)
    http?.update(configuration.http)
    resp?.update(configuration.resp(greeting: Self.greeting))
  }

  var workerCount: Int { proxy.workerCount }

  /// Has requests written down; when it returns, nothing is added to the former log.
  func setAccessLog(_ log: AccessLog?) { proxy.setAccessLog(log) }

  /// Accepts no more clients, and reports not ready to probes.
  func stopListening() {
    admin?.drain()
    for loop in loops { _ = loop.perform { $0.stopListening() } }
  }

  /// Asks all clients to end when they have been answered; says how many are still owed something. To
  /// be called again until there are none.
  func askClientsToEnd() -> Int {
    loops.reduce(0) { $0 + ($1.perform { $0.askConnectionsToEnd() } ?? 0) }
  }

  /// Ends everything and waits for it.
  func stop() {
    admin?.stop()
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }
}
