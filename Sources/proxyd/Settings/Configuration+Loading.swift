internal import HTTP
internal import HTTPFront
internal import ProxyCore

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

  /// Whether everybody would be let in who has had to give a password so far: a line that was lost by
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
