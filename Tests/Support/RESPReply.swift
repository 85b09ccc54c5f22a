/// A reply of Redis, as tests compare it.
public indirect enum RESPReply: Equatable, Sendable {
  /// `+OK`
  case simple(String)
  /// `-ERR …`, without the dash.
  case error(String)
  /// `:1`
  case integer(Int)
  /// A bulk or verbatim string; nil where it is null.
  case bulk([UInt8]?)
  /// An array, a set, or a map with its keys and values in turn; nil where it is null.
  case array([RESPReply]?)
  /// What came without being asked for.
  case push([RESPReply])
  /// Any other type of one line, with its first byte: `,3.14`, `#t`, `_`.
  case other(String)

  /// A bulk string given as text.
  public static func bulk(_ text: String) -> RESPReply { .bulk(Array(text.utf8)) }

  /// The text of a line or of a bulk string.
  public var text: String? {
    switch self {
    case .simple(let text), .error(let text), .other(let text): text
    case .bulk(let bytes?): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }
}
