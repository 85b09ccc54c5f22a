/// Why a text is no URL of a Redis. It names the part and never quotes it: a character that should have
/// been encoded may have moved a piece of the password there.
public struct RedisURLError: Error, Hashable, Sendable {
  /// The parts of a URL.
  public enum Part: String, Sendable {
    /// What comes before `://`.
    case scheme
    /// What comes before `:` or `@`.
    case username
    /// What comes between `:` and `@`.
    case password
    /// The server's name or address.
    case host
    /// The number after the host's `:`.
    case port
    /// The number after the host's `/`.
    case database
    /// What comes after `?` or `#`.
    case query
  }

  /// Where it is wrong.
  public let part: Part
  /// What is wrong, and what to do.
  public let problem: String
}

extension RedisURLError: CustomStringConvertible {
  /// One line: `Redis URL: port: must be a number from 1 to 65535`.
  public var description: String { "Redis URL: \(part.rawValue): \(problem)" }
}
