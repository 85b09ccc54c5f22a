/// Why the heart could not answer.
package enum ProxyError: Error, Equatable, Sendable, CustomStringConvertible {
  case redis(RedisError)
  case limiter(LimiterError)
  /// So many links of clients' own exist already.
  case pinnedLimit(Int)
  /// So many reads wait already.
  case readLimit(Int)

  /// A command, by its name, that leaves or needs state on a connection of its own.
  case needsConnection(String)
  case requestTooLarge

  package var description: String {
    switch self {
    case .redis(let error): error.description
    case .limiter(let error): error.description
    case .pinnedLimit(let limit): "\(limit) clients have links of their own already: PINNED_MAX"
    case .needsConnection(let name):
      "\(name.uppercased()) concerns one connection, and here many share one"
    case .requestTooLarge: "the request is longer than \(Limits.requestBytesMax) bytes"
    case .readLimit(let limit): "\(limit) reads wait for Redis already"
    }
  }
}
