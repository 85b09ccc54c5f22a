internal import ProxyCore

/// What the cache had to do with a response, as `Age` and `Cache-Status` (RFC 9211) tell it.
package enum CacheOutcome: Equatable, Sendable {
  /// From memory, so many seconds after it was fetched and so many before it ends.
  case hit(age: Int, timeToLive: Int)
  /// From Redis. `stored`: the next one will be a hit; `collapsed`: another request had asked
  /// already.
  case fetched(stored: Bool, collapsed: Bool)
  /// What was known last, so many seconds after it was fetched, because Redis is away.
  case stale(age: Int)
  /// From Redis, because it had to be.
  case bypassed

  func write(to output: inout ByteBuffer) {
    switch self {
    case .hit(let age, let timeToLive):
      output.append("Age: ")
      output.appendDecimal(max(0, age))
      output.append("\r\nCache-Status: proxyd; hit; ttl=")
      output.appendDecimal(timeToLive)
      output.appendLineEnd()
    case .fetched(let stored, let collapsed):
      output.append("Cache-Status: proxyd; fwd=miss")
      if stored { output.append("; stored") }
      if collapsed { output.append("; collapsed") }
      output.appendLineEnd()
    case .stale(let age):
      output.append("Age: ")
      output.appendDecimal(max(0, age))
      output.append("\r\nCache-Status: proxyd; fwd=stale; detail=redis-away\r\n")
    case .bypassed: output.append("Cache-Status: proxyd; fwd=bypass\r\n")
    }
  }
}
