internal import HTTP
internal import HTTPFront
internal import ProxyCore

/// One thing that can be set: in the file, by a variable of the environment, or by the flag of the same
/// name.
struct Setting: Sendable {
  /// The variable's name.
  let name: String
  /// What its values are called in the help.
  let valueName: String
  let summary: String
  /// Whether it is never shown.
  let isSecret: Bool
  /// Whether a running proxyd takes over another value.
  let reloads: Bool
  /// Whether what it is by default depends on the machine.
  let dependsOnMachine: Bool
  private let read: @Sendable (String, inout Configuration) throws(FormError) -> Void
  private let write: @Sendable (Configuration) -> String
  private let copy: @Sendable (Configuration, inout Configuration) -> Void
  private let differs: @Sendable (Configuration, Configuration) -> Bool

  init<Value: Equatable>(
    _ name: String, _ place: any WritableKeyPath<Configuration, Value> & Sendable,
    _ form: Form<Value>, _ summary: String, reloads: Bool = true, dependsOnMachine: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.reloads = reloads
    self.dependsOnMachine = dependsOnMachine
    valueName = form.valueName
    isSecret = form.isSecret
    read = { text, configuration throws(FormError) in
      configuration[keyPath: place] = try form.value(of: text)
    }
    write = { form.text(of: $0[keyPath: place]) }
    copy = { $1[keyPath: place] = $0[keyPath: place] }
    differs = { $0[keyPath: place] != $1[keyPath: place] }
  }

  /// `RESP_PORT` is `--resp-port`.
  var flag: String { "--" + name.lowercased().replacing("_", with: "-") }

  /// Whether it replaces a part of `REDIS_URL`, and is shown there.
  var isPart: Bool { Self.parts.contains(name) }

  private static let parts: Set = ["REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD"]

  /// Takes over a value as it was written.
  func apply(
    _ text: String, _ configuration: inout Configuration, from source: SettingSource? = nil
  ) throws(ConfigurationError) {
    do throws(FormError) {
      try read(text, &configuration)
    } catch {
      throw ConfigurationError("\(name): \(error.problem)", source)
    }
  }

  /// The value in force, as a user would write it; a secret is masked.
  func text(_ configuration: Configuration) -> String { write(configuration) }

  func differs(between one: Configuration, and other: Configuration) -> Bool { differs(one, other) }

  func copy(from one: Configuration, to other: inout Configuration) { copy(one, &other) }

  static func named(_ name: String) -> Setting? { byName[name] }

  private static let byName = Dictionary(
    all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

extension Setting {
  /// Settings that belong together.
  struct Theme: Sendable {
    let title: String
    let settings: [Setting]
  }

  /// All of them, in the order of the help.
  static let all = themes.flatMap(\.settings)

  static let themes = [
    Theme(title: "HTTP clients", settings: http),
    Theme(title: "RESP clients", settings: resp),
    Theme(title: "Operators", settings: admin),
    Theme(title: "Redis", settings: redis),
    Theme(title: "Cache", settings: cache),
    Theme(title: "Who is served", settings: access),
    Theme(title: "How much at once", settings: bounds),
    Theme(title: "The program", settings: program),
  ]

  private static let http = [
    Setting(
      "HTTP_HOST", \.httpHost, .host, "where HTTP clients are served", reloads: false),
    Setting("HTTP_PORT", \.httpPort, .port, "and on which port; 0: not at all", reloads: false),
    Setting("HTTP_WRITES", \.httpWrites, .onOff, "whether they may PUT and DELETE"),
    Setting(
      "HTTP_MAX_AGE", \.httpMaxAge, .count(0...31_536_000, of: "seconds"),
      "how long caches on the way may answer; 0: they ask"),
    Setting(
      "HTTP_CORS_ORIGIN", \.httpOrigin,
      .text(
        valueName: "ORIGINS", rule: "it is * or origins such as https://example.com:8443"
      ) { CrossOrigin($0) != nil },
      "whose pages may read answers: *, or https://HOST, by commas", reloads: false),
    Setting(
      "HTTP_CORS_WRITES", \.httpCrossOriginWrites, .onOff,
      "whether those pages may PUT and DELETE too"),
  ]

  private static let resp = [
    Setting("RESP_HOST", \.respHost, .host, "where RESP clients are served", reloads: false),
    Setting("RESP_PORT", \.respPort, .port, "and on which port; 0: not at all", reloads: false),
    Setting(
      "PIPELINE_ORDER", \.pipelineOrder, .choice,
      "what a command waits for: those with a common key, or all"),
  ]

  private static let admin = [
    Setting(
      "ADMIN_HOST", \.adminHost, .host, "where /metrics, /healthz, /readyz, /stats and a page are",
      reloads: false),
    Setting("ADMIN_PORT", \.adminPort, .port, "and on which port; 0: nowhere", reloads: false),
  ]

  private static let redis = [
    Setting(
      "REDIS_URL", \.redis, .redisURL, "redis://USER:PASSWORD@HOST:PORT/DB",
      reloads: false),
    Setting(
      "REDIS_HOST", \.redisParts.host, Form<String>.host.orNone, "instead of the URL's host",
      reloads: false),
    Setting(
      "REDIS_PORT", \.redisParts.port, Form<UInt16>.remotePort.orNone, "instead of the URL's port",
      reloads: false),
    Setting(
      "REDIS_USERNAME", \.redisParts.username, Form<String>.name.orNone,
      "instead of the URL's user",
      reloads: false),
    Setting(
      "REDIS_PASSWORD", \.redisParts.password, Form<String>.secret.orNone,
      "instead of the URL's password",
      reloads: false),
    Setting(
      "REDIS_CONNECT_TIMEOUT", \.redisConnectTimeout, .wait,
      "how long a connection to it may take", reloads: false),
    Setting("REDIS_TIMEOUT", \.redisTimeout, .wait, "how long HTTP requests wait for it"),
  ]

  private static let cache = [
    Setting(
      "CACHE_CAPACITY", \.cacheCapacity, .count(0...1_000_000_000, of: "entries"),
      "how many are kept; 0: none"),
    Setting(
      "CACHE_MAX_BYTES", \.cacheBytesMax, .bytes(1_024...(1 << 44)),
      "what all entries may take, with their overhead"),
    Setting(
      "CACHE_MAX_VALUE", \.cacheValueMax, .bytes(0...Limits.argumentBytesMax),
      "the largest value that is kept", reloads: false),
    Setting(
      "CACHE_TTL", \.cacheTTL, .time, "how long one is kept, whatever happens; 0: no such limit"),
    Setting(
      "CACHE_COHERENCE", \.cacheCoherence, .choice,
      "what is relied on: Redis telling of changes, or CACHE_TTL",
      reloads: false),
    Setting(
      "CACHE_MGET", \.cachesMultipleGets, .onOff,
      "whether MGET is answered from memory, and so is no snapshot"),
    Setting(
      "STALE_IF_ERROR", \.staleIfError, .time,
      "how long last known values are answered while Redis is away"),
  ]

  private static let access = [
    Setting(
      "PASSWORD", \.password, Form<String>.secret.orNone,
      "what clients must give; empty: AUTH goes to Redis"),
    Setting(
      "PROTECTED_MODE", \.isProtected, .yesNo, "without PASSWORD, serve this machine's clients only"
    ),
  ]

  private static let bounds = [
    Setting(
      "MAX_CLIENTS", \.clientsMax, .count(1...1_000_000, of: "clients"), "over all fronts"),
    Setting(
      "CLIENT_TIMEOUT", \.clientTimeout, .time,
      "idle ones are closed after so long; 0: RESP never, HTTP after 75"),
    Setting(
      "CLIENT_OUTPUT_MAX", \.clientOutputMax, .bytes((1 << 20)...(1 << 40)),
      "a client that leaves more unread is closed"),
    Setting(
      "CLIENT_INPUT_MAX", \.clientInputMax, .bytes((1 << 20)...(1 << 40)),
      "unfinished requests of all; past it the largest is refused"),
    Setting(
      "MAX_CONCURRENCY", \.concurrencyMax, .count(1...Limits.limiterPermitsMax, of: "requests"),
      "at Redis at once"),
    Setting(
      "MAX_QUEUE", \.queueMax, .count(0...Limits.limiterWaitersMax, of: "requests"),
      "that wait for their turn; those past it are refused"),
    Setting("QUEUE_TIMEOUT", \.queueTimeout, .time, "how long they wait; 0: not at all"),
    Setting(
      "PINNED_MAX", \.pinnedMax, .count(0...1_000_000, of: "links"),
      "clients that may have a link to Redis to themselves"),
  ]

  private static let program = [
    Setting(
      "THREADS", \.threads, .count(1...Limits.workersMax), "event loops; by default one a core",
      reloads: false, dependsOnMachine: true),
    Setting("LOG_LEVEL", \.logLevel, .choice, "what is said on standard error"),
    Setting("LOG_FORMAT", \.logFormat, .choice, "and how"),
    Setting("ACCESS_LOG", \.accessLog, .place, "where each request is written down"),
    Setting(
      "SLOWLOG_SLOWER_THAN", \.slowThreshold, .time, "what takes longer is in PROXY SLOWLOG"),
    Setting(
      "SLOWLOG_MAX_LEN", \.slowRequestsMax, .count(0...Limits.slowRequestsMax, of: "requests"),
      "that are kept there, the latest ones; 0: none"),
    Setting(
      "DRAIN_TIMEOUT", \.drainTimeout, .time, "how long requests in flight may finish at the end"),
  ]
}

extension Form where Value == Duration {
  fileprivate static let wait = seconds(
    from: .milliseconds(1), through: .seconds(86_400), zeroIsAllowed: false)
  fileprivate static let time = seconds(
    from: .milliseconds(1), through: .seconds(31_536_000), zeroIsAllowed: true)
}

extension Form where Value == String {
  /// An ACL user.
  fileprivate static let name = text(valueName: "NAME", rule: "a name has no spaces") { text in
    text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } && text.utf8.count <= 1_024
  }
}

extension Form where Value == AccessLogPlace {
  fileprivate static let place = Self(
    valueName: "off|stderr|PATH", rule: "it is off, stderr, or a path with a / in it",
    read: { text in
      switch text {
      case "off": return .off
      case "stderr": return .standardError
      default:
        let isPath = text.contains("/") && Form<String>.isPlain(text)
        return isPath && text.utf8.count < 4_096 && !text.hasSuffix("/") ? .file(text) : nil
      }
    },
    write: { place in
      switch place {
      case .off: "off"
      case .standardError: "stderr"
      case .file(let path): path
      }
    })
}
