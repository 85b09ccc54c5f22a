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
    options.settings.crossOrigin = CrossOrigin(httpOrigin) ?? .nobody
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
