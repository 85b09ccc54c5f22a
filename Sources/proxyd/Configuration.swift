internal import Glibc
internal import ProxyCore

/// What is in force.
struct Configuration: Equatable {
  var respHost = "127.0.0.1"
  var respPort: UInt16 = 6380
  var redis = RedisURL()
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
    if respPort == 0 {
      throw ConfigurationError(
        "RESP_PORT: 0 turns the RESP front off, and this version has no other")
    }
  }
}

/// Why proxyd does not start: one line for people.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
