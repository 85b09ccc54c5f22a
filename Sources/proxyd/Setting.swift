internal import HTTPFront
internal import ProxyCore

/// One thing that can be set: by a variable of the environment, or by the flag of the same name.
struct Setting: Sendable {
  /// The variable's name.
  let name: String
  /// What its values are called in the help.
  let placeholder: String
  let summary: String
  private let read: @Sendable (String, inout Configuration) -> Bool
  /// What a value has to be, for the error where it is not.
  private let rule: String
  private let write: @Sendable (Configuration) -> String

  /// `RESP_PORT` is `--resp-port`.
  var flag: String { "--" + name.lowercased().replacing("_", with: "-") }

  /// Takes over a value that somebody wrote.
  func apply(_ text: String, _ configuration: inout Configuration) throws(ConfigurationError) {
    if !read(text, &configuration) {
      throw ConfigurationError("\(name): \(rule), not \(text.debugDescription)")
    }
  }

  /// The value in force, as somebody would write it.
  func text(_ configuration: Configuration) -> String { write(configuration) }

  /// All of them, in the order of the help.
  static let all = http + others

  private static let others = [
    Setting(
      name: "RESP_HOST", placeholder: "HOST", summary: "where RESP clients are served",
      read: { text, configuration in
        configuration.respHost = text
        return !text.isEmpty && !text.contains("\0")
      }, rule: "an address or a name is needed", write: { $0.respHost }),
    Setting(
      name: "RESP_PORT", placeholder: "PORT", summary: "and on which port",
      read: { text, configuration in number(text, 0...UInt16.max, &configuration.respPort) },
      rule: "a port is a number from 0 to 65535", write: { "\($0.respPort)" }),
    Setting(
      name: "REDIS_URL", placeholder: "URL", summary: "the Redis behind it",
      read: { text, configuration in
        guard let url = try? RedisURL(text) else { return false }
        configuration.redis = url
        return true
      }, rule: "redis://user:password@host:port/database is needed",
      write: { $0.redis.description }),
    Setting(
      name: "REDIS_TIMEOUT", placeholder: "SECONDS", summary: "how long HTTP requests wait for it",
      read: { text, configuration in number(text, 1...86_400, &configuration.redisTimeout) },
      rule: "it is a number of seconds from 1 to 86400", write: { "\($0.redisTimeout)" }),
    Setting(
      name: "THREADS", placeholder: "COUNT", summary: "event loops; by default one a core",
      read: { text, configuration in number(text, 1...1_024, &configuration.threads) },
      rule: "it is a number from 1 to 1024", write: { "\($0.threads)" }),
  ]

  private static let http = [
    Setting(
      name: "HTTP_HOST", placeholder: "HOST", summary: "where HTTP clients are served",
      read: { text, configuration in
        configuration.httpHost = text
        return !text.isEmpty && !text.contains("\0")
      }, rule: "an address or a name is needed", write: { $0.httpHost }),
    Setting(
      name: "HTTP_PORT", placeholder: "PORT", summary: "and on which port; 0: not at all",
      read: { text, configuration in number(text, 0...UInt16.max, &configuration.httpPort) },
      rule: "a port is a number from 0 to 65535", write: { "\($0.httpPort)" }),
    Setting(
      name: "HTTP_WRITES", placeholder: "on|off", summary: "whether they may PUT and DELETE",
      read: { text, configuration in
        configuration.httpWrites = text == "on"
        return text == "on" || text == "off"
      }, rule: "it is on or off", write: { $0.httpWrites ? "on" : "off" }),
    Setting(
      name: "HTTP_MAX_AGE", placeholder: "SECONDS",
      summary: "how long caches on the way may answer; 0: they ask",
      read: { text, configuration in number(text, 0...31_536_000, &configuration.httpMaxAge) },
      rule: "it is a number of seconds from 0 to 31536000", write: { "\($0.httpMaxAge)" }),
    Setting(
      name: "HTTP_CORS_ORIGIN", placeholder: "ORIGINS",
      summary: "whose pages may read answers: * or https://HOST, several by commas",
      read: { text, configuration in
        configuration.httpOrigin = text
        return CrossOrigin(text) != nil
      }, rule: "it is * or origins such as https://example.com:8443", write: { $0.httpOrigin }),
  ]

  /// Whether `text` is a plain number within `range`, which `value` then is.
  private static func number<Number: FixedWidthInteger>(
    _ text: String, _ range: ClosedRange<Number>, _ value: inout Number
  ) -> Bool {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      let number = Number(text), range.contains(number)
    else { return false }
    value = number
    return true
  }
}
