internal import AdminFront
internal import Glibc
internal import HTTP
internal import HTTPFront
internal import ProxyCore
internal import RESPFront

/// What is in force.
package struct Configuration: Equatable {
  var httpHost = "127.0.0.1"
  var httpPort: UInt16 = 8080
  var httpWrites = false
  var httpMaxAge = 0
  /// As it was written.
  var httpOrigin = ""
  var httpCrossOriginWrites = false

  var respHost = "127.0.0.1"
  var respPort: UInt16 = 6380
  var pipelineOrder = Configuration.PipelineOrder.key

  var adminHost = "127.0.0.1"
  var adminPort: UInt16 = 9380

  var redis = RedisURL()
  /// What is to replace parts of the URL, until it has.
  var redisParts = Configuration.RedisParts()
  var redisConnectTimeout = Duration.seconds(1)
  var redisTimeout = Duration.seconds(5)

  var cacheCapacity = 100_000
  var cacheBytesMax = 256 << 20
  var cacheValueMax = 1 << 20
  /// Zero: none.
  var cacheTTL = Duration.seconds(300)
  var cacheCoherence = CacheCoherence.auto
  var cachesMultipleGets = false
  var staleIfError = Duration.zero

  var password: String?
  var isProtected = true

  var clientsMax = 10_000
  /// Zero: none.
  var clientTimeout = Duration.zero
  var clientOutputMax = 1 << 30
  var clientInputMax = 1 << 30
  var concurrencyMax = 1_024
  var queueMax = 16_384
  var queueTimeout = Duration.seconds(1)
  var pinnedMax = 5_000
  /// No settings: fewer where the system gives little room (`Room`).
  var refusalsMax = Limits.refusalsMax
  var adminConnectionsMax = Limits.adminConnectionsMax

  var threads = min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), Limits.workersMax)
  var logLevel = LogLevel.notice
  var logFormat = LogFormat.text
  var accessLog = AccessLogPlace.off
  /// What takes longer is in `PROXY SLOWLOG`, as many as may be there; 0: none.
  var slowThreshold = Duration.milliseconds(10)
  var slowRequestsMax = 128
  var drainTimeout = Duration.seconds(10)

  init() {}
}

/// What the parts of the program are told.
extension Configuration {
  var proxy: ProxySettings {
    var settings = ProxySettings(url: redis)
    settings.capacity = cacheCapacity
    settings.bytesMax = cacheBytesMax
    settings.valueBytesMax = cacheValueMax
    settings.timeToLive = cacheTimeToLive
    settings.coherence = cacheCoherence.setting
    settings.permits = concurrencyMax
    settings.queueLimit = queueMax
    settings.queueTimeout = queueTimeout
    settings.connectTimeout = redisConnectTimeout
    settings.pinnedMax = pinnedMax
    settings.refusalsMax = refusalsMax
    settings.clientsMax = clientsMax
    settings.inputBytesMax = clientInputMax
    settings.staleIfError = staleIfError
    settings.slowThreshold = slowThreshold
    settings.slowRequestsMax = slowRequestsMax
    return settings
  }

  var cacheTimeToLive: Duration? { cacheTTL == .zero ? nil : cacheTTL }

  var http: HTTPOptions {
    var options = HTTPOptions()
    options.hostNames = [httpHost]
    options.settings.password = Array((password ?? "").utf8)
    options.settings.allowsWrites = httpWrites
    options.settings.allowsCrossOriginWrites = httpCrossOriginWrites
    options.settings.maxAgeSeconds = httpMaxAge
    options.settings.crossOrigin = CrossOrigin(httpOrigin) ?? .noOrigin
    options.isProtected = isProtected
    options.redisTimeout = redisTimeout
    if clientTimeout > .zero { options.idleMax = clientTimeout }
    options.outputBytesMax = clientOutputMax
    return options
  }

  var admin: AdminOptions {
    var options = AdminOptions()
    options.hostNames = [adminHost]
    options.connectionsMax = adminConnectionsMax
    options.version = ProgramVersion.current
    return options
  }

  func resp(greeting: ServerGreeting) -> RESPOptions {
    var options = RESPOptions(greeting: greeting)
    options.password = password.map { Array($0.utf8) }
    options.ordersAll = pipelineOrder == .strict
    options.cachesMultipleGets = cachesMultipleGets
    options.isProtected = isProtected
    options.idleTimeout = clientTimeout
    options.outputBytesMax = clientOutputMax
    return options
  }
}

extension Configuration {
  enum PipelineOrder: String, CaseIterable, Sendable { case key, strict }
}

extension Configuration {
  /// Parts of the Redis URL that have settings of their own; nil where the URL's counts.
  struct RedisParts: Equatable {
    var host: String?
    var port: UInt16?
    var username: String?
    var password: String?
  }
}

/// How a configuration comes about: from the defaults, what the file says instead, what the environment
/// says instead of that, and flags before all. An empty variable says nothing.
extension Configuration {
  /// - Parameters:
  ///   - flags: Values by the names of their settings.
  ///   - environment: What a variable says; nil where there is none.
  ///   - file: The file that was found or named.
  package init(
    flags: [String: String], environment: (String) -> String?, file: ConfigurationFile? = nil
  ) throws(ConfigurationError) {
    var written = Written()
    for setting in Setting.all {
      if let text = flags[setting.name] {
        written[setting.name] = (text, .flag(setting.flag))
      } else if let text = environment(setting.name), !text.isEmpty {
        written[setting.name] = (text, .environment)
      } else if let entry = file?.entries[setting.name], !entry.text.isEmpty {
        written[setting.name] = (entry.text, entry.source)
      }
      if let (text, source) = written[setting.name] {
        try setting.apply(text, &self, from: source)
      }
    }
    try replaceParts(written)
    if written["CACHE_MAX_VALUE"] != nil && cacheValueMax > cacheBytesMax {
      throw ConfigurationError(
        "CACHE_MAX_VALUE and CACHE_MAX_BYTES: a value cannot be larger than all of the cache")
    }
    try checkCombinations()
  }

  /// What was said about each setting, and where.
  private typealias Written = [String: (text: String, source: SettingSource)]

  private mutating func replaceParts(_ written: Written) throws(ConfigurationError) {
    if let host = redisParts.host { redis.host = host }
    if let port = redisParts.port { redis.port = port }
    if let username = redisParts.username { redis.username = username }
    if let password = redisParts.password { redis.password = password }
    redisParts = Configuration.RedisParts()
    if redis.username != nil && redis.password == nil {
      throw ConfigurationError(
        "REDIS_USERNAME: a user needs a password: REDIS_PASSWORD, or one in REDIS_URL",
        written["REDIS_USERNAME"]?.source)
    }
  }

  /// Whether settings contradict each other.
  func checkCombinations() throws(ConfigurationError) {
    if respPort == 0 && httpPort == 0 {
      throw ConfigurationError("HTTP_PORT and RESP_PORT: 0 turns a front off, and both are off")
    }
    if httpPort == respPort && httpHost == respHost {
      throw ConfigurationError(
        "HTTP_PORT and RESP_PORT: both fronts cannot listen on port \(httpPort)")
    }
    let others = [("HTTP", httpHost, httpPort), ("RESP", respHost, respPort)]
    for (name, host, port) in others where port == adminPort && host == adminHost && port != 0 {
      throw ConfigurationError(
        "ADMIN_PORT and \(name)_PORT: two listeners cannot have port \(port)")
    }
    if cacheCoherence == .ttl && cacheTTL == .zero {
      throw ConfigurationError(
        "CACHE_TTL and CACHE_COHERENCE: with ttl coherence and without a limit in time, changes would"
          + " never be seen")
    }
    if lendsIdentity && !isProtected {
      throw ConfigurationError(
        "PROTECTED_MODE and PASSWORD: everybody who reaches this proxy would have the rights of the"
          + " password that it has for Redis: set PASSWORD, or PROTECTED_MODE=yes")
    }
    if CrossOrigin(httpOrigin) == .everybody && httpWrites && httpCrossOriginWrites
      && password == nil
    {
      throw ConfigurationError(
        "HTTP_CORS_ORIGIN, HTTP_WRITES, HTTP_CORS_WRITES and PASSWORD: every page in a browser could"
          + " write: set PASSWORD, name the origins instead of *, or turn HTTP_CORS_WRITES off")
    }
  }

  /// Whether clients that needed a password so far would be accepted without one: a line that was lost by
  /// mistake must not do that to a proxy that runs.
  func checkProtection(instead former: Configuration) throws(ConfigurationError) {
    if former.password != nil && password == nil && !isProtected {
      throw ConfigurationError(
        "PASSWORD and PROTECTED_MODE: without the password everybody would be served: set PASSWORD,"
          + " or PROTECTED_MODE=yes, or restart")
    }
  }

  /// Whether clients that give no password are served with one.
  private var lendsIdentity: Bool { redis.password != nil && password == nil }

  /// What is allowed, and worth a line.
  package var warnings: [String] {
    guard lendsIdentity else { return [] }
    return [
      "there is a password for Redis and no PASSWORD: every user of this machine has the rights that"
        + " the former gives"
    ]
  }
}
