extension RESPValue {
  /// Whether there is nothing.
  public var isNull: Bool { self == .null }

  /// The bytes of a string of any kind, a big number's digits; nil for other types. O(1).
  public var bytes: [UInt8]? {
    switch self {
    case .simpleString(let bytes), .bulkString(let bytes), .verbatimString(let bytes, _),
      .bigNumber(let bytes):
      bytes
    default: nil
    }
  }

  /// The text of a string of any kind; bytes that are not UTF-8 are replaced. O(n).
  public var string: String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  /// A number of 64 bits, or a string that is one, since Redis keeps numbers as strings. O(1).
  public var int: Int? {
    switch self {
    case .integer(let value): value
    case .bulkString(let bytes), .simpleString(let bytes), .bigNumber(let bytes):
      unsafe Decimal(bytes.span.bytes)?.value  // bytes have no padding
    default: nil
    }
  }

  /// A floating point number, an integer, or a string that is one: what RESP2 has for doubles.
  public var number: Double? {
    switch self {
    case .double(let value): value
    case .integer(let value): Double(value)
    case .bulkString(let bytes), .simpleString(let bytes): Self.double(of: bytes)
    default: nil
    }
  }

  /// True or false, or the 1 or 0 that RESP2 has for them.
  public var bool: Bool? {
    switch self {
    case .boolean(let value): value
    case .integer(0): false
    case .integer(1): true
    default: nil
    }
  }

  /// The values of an array, a set or a push. O(1).
  public var elements: [RESPValue]? {
    switch self {
    case .array(let values), .set(let values), .push(let values): values
    default: nil
    }
  }

  /// The pairs of a map, or of the flat array that RESP2 has for one. O(1) for a map, else O(n).
  public var pairs: [Pair]? {
    switch self {
    case .map(let pairs): pairs
    case .array(let values) where values.count.isMultiple(of: 2):
      stride(from: 0, to: values.count, by: 2).map {
        Pair(key: values[$0], value: values[$0 + 1])
      }
    default: nil
    }
  }

  /// The error, where the reply is one.
  public var failure: RESPError? {
    if case .error(let error) = self { error } else { nil }
  }

  /// The element at `index`, or nil where there is none. O(1).
  public subscript(index: Int) -> RESPValue? {
    guard let elements, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// The value of the first pair whose key is the string `name`. O(pairs).
  public subscript(name: String) -> RESPValue? {
    let wanted = Array(name.utf8)
    return pairs?.first { $0.key.bytes == wanted }?.value
  }

  /// The number that `digits` say: `1.5`, `-3e10`, `inf`, `-inf`, `nan`.
  static func double(of digits: [UInt8]) -> Double? {
    let text = String(decoding: digits, as: UTF8.self)
    switch text {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan", "-nan": return .nan
    default: break
    }
    // The standard library reads more than Redis writes: hexadecimals, `infinity`, payloads of NaN.
    let isPlain = digits.allSatisfy { byte in
      (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
        || byte | 0x20 == UInt8(ascii: "e")
    }
    return isPlain ? Double(text) : nil
  }
}
