/// A reply of Redis, of any type of RESP2 and RESP3.
///
/// ```swift
/// let reply = try await redis.send("HGETALL", "user:1")
/// let name = reply["name"]?.string      // from a RESP3 map or a RESP2 array of pairs
/// let first = reply[0]?.bytes
/// ```
///
/// Strings are bytes, as in Redis. Attributes (`|`), which no command sends by itself, are dropped.
public enum RESPValue: Sendable {
  /// A status such as `OK`.
  case simpleString([UInt8])
  /// A string of any bytes.
  case bulkString([UInt8])
  /// A string with a format of three letters: `txt` or `mkd`.
  case verbatimString([UInt8], format: String)
  /// An error reply, at the top or as an element (of `EXEC`'s reply, for one).
  case error(RESPError)
  /// A number of 64 bits.
  case integer(Int)
  /// A floating point number. Equal to another one where both are NaN.
  case double(Double)
  /// True or false.
  case boolean(Bool)
  /// The digits of a number of any size, with a sign perhaps.
  case bigNumber([UInt8])
  /// Nothing: RESP3's null, or RESP2's null string or null array.
  case null
  /// Values in order.
  case array([RESPValue])
  /// Pairs in the order they came.
  case map([Pair])
  /// Values without an order of meaning, in the order they came.
  case set([RESPValue])
  /// What the server sends unasked: messages and invalidations.
  case push([RESPValue])

  /// A key and its value in a map.
  public struct Pair: Equatable, Sendable {
    /// Nearly always a string.
    public let key: RESPValue
    /// What the key stands for.
    public let value: RESPValue

    /// A key with its value.
    public init(key: RESPValue, value: RESPValue) {
      self.key = key
      self.value = value
    }
  }
}

extension RESPValue: Equatable {
  /// Whether both are of the same type and the same content; maps and sets in the same order. O(n).
  public static func == (left: RESPValue, right: RESPValue) -> Bool {
    switch (left, right) {
    case (.simpleString(let left), .simpleString(let right)): left == right
    case (.bulkString(let left), .bulkString(let right)): left == right
    case (.verbatimString(let left, let format), .verbatimString(let right, let other)):
      left == right && format == other
    case (.error(let left), .error(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.double(let left), .double(let right)): left == right || (left.isNaN && right.isNaN)
    case (.boolean(let left), .boolean(let right)): left == right
    case (.bigNumber(let left), .bigNumber(let right)): left == right
    case (.null, .null): true
    case (.array(let left), .array(let right)): left == right
    case (.map(let left), .map(let right)): left == right
    case (.set(let left), .set(let right)): left == right
    case (.push(let left), .push(let right)): left == right
    default: false
    }
  }
}

extension RESPValue: CustomStringConvertible {
  /// For people, in the way of redis-cli; not made to be parsed. O(n).
  public var description: String {
    switch self {
    case .simpleString(let bytes), .bigNumber(let bytes): String(decoding: bytes, as: UTF8.self)
    case .bulkString(let bytes), .verbatimString(let bytes, _):
      String(decoding: bytes, as: UTF8.self).debugDescription
    case .error(let error): "(error) \(error.message)"
    case .integer(let value): "\(value)"
    case .double(let value): "\(value)"
    case .boolean(let value): "\(value)"
    case .null: "(nil)"
    case .array(let values): "\(values)"
    case .set(let values): "(set) \(values)"
    case .push(let values): "(push) \(values)"
    case .map(let pairs):
      "[" + pairs.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "]"
    }
  }
}
