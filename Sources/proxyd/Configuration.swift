internal import Glibc
internal import HTTPFront
internal import ProxyCore

/// What is in force.
struct Configuration: Equatable {
  var httpHost = "127.0.0.1"
  var httpPort: UInt16 = 8080
  var httpWrites = false
  var httpMaxAge = 0
  /// As it was written.
  var httpOrigin = ""
  var respHost = "127.0.0.1"
  var respPort: UInt16 = 6380
  var redis = RedisURL()
  var redisTimeout = 5
  var threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  init() {}

  /// The defaults, with what the environment and, before it, the flags say instead. An empty variable
  /// says nothing.
  init(
    flags: [String: String], environment: (String) -> String?
  ) throws(ConfigurationError) {
    for setting in Setting.all {
      let variable = environment(setting.name).flatMap { $0.isEmpty ? nil : $0 }
      guard let text = flags[setting.name] ?? variable else { continue }
      try setting.apply(text, &self)
    }
    if respPort == 0 && httpPort == 0 {
      throw ConfigurationError("HTTP_PORT and RESP_PORT: 0 turns a front off, and both are off")
    }
  }
}

extension Configuration {
  /// What the HTTP front is told.
  var http: HTTPOptions {
    var options = HTTPOptions()
    options.hostNames = [httpHost]
    options.settings.allowsWrites = httpWrites
    options.settings.maxAgeSeconds = httpMaxAge
    options.settings.crossOrigin = CrossOrigin(httpOrigin) ?? .nobody
    options.redisTimeout = .seconds(redisTimeout)
    return options
  }
}

/// Why proxyd does not start: one line for people.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
