internal import ProxyCore

/// Why a request target names no key. Its text is one line for the client.
package enum RequestTargetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Neither a path nor an absolute URL.
  case formUnknown
  /// A byte that must be escaped, and where it stands.
  case byteForbidden(UInt8, offset: Int)
  /// Where a `%` stands that two hexadecimal digits do not follow.
  case escapeInvalid(offset: Int)
  case keyMissing
  case parameterRepeated(String)
  case keyEmpty
  case ttlInvalid

  package var description: String {
    switch self {
    case .formUnknown: "the request target is neither a path nor an http URL"
    case .byteForbidden(let byte, let offset):
      "byte \(offset) of the request target must be escaped: %\(Self.hex(byte))"
    case .escapeInvalid(let offset):
      "byte \(offset) of the request target is a % without two hexadecimal digits after it"
    case .keyMissing: "/get needs a key: /get?key=NAME"
    case .parameterRepeated(let name): "there is more than one \(name)= in the request target"
    case .keyEmpty: "the key is empty"
    case .ttlInvalid:
      "ttl is a number of seconds from 1 to \(Limits.httpTimeToLiveMax)"
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "0" + digits : digits
  }
}
