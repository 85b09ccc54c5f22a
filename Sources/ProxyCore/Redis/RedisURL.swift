/// Where a Redis is and who asks: `redis://user:password@host:port/database`.
///
/// ```swift
/// let url = try RedisURL("redis://:secret@[::1]:7000/5")
/// ```
///
/// All parts but the scheme may be missing: the host is then 127.0.0.1, the port 6379, the database 0.
/// The name and the password are percent-decoded; an empty one counts as none.
public struct RedisURL: Hashable, Sendable {
  /// A name or a numeric address, IPv6 without its brackets.
  public var host: String
  /// The TCP port.
  public var port: UInt16
  /// The ACL user; nil for the one called `default`.
  public var username: String?
  /// What the user authenticates with; nil where nothing is asked for.
  public var password: String?
  /// The database that commands are for.
  public var database: Int

  /// The server with these parts.
  public init(
    host: String = "127.0.0.1", port: UInt16 = 6379, username: String? = nil,
    password: String? = nil, database: Int = 0
  ) {
    self.host = host
    self.port = port
    self.username = username
    self.password = password
    self.database = database
  }

  /// The host and the port, as they are shown to people: `127.0.0.1:6379`, `[::1]:6379`.
  public var server: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

extension RedisURL: CustomStringConvertible, CustomReflectable {
  /// The URL as it may be shown to anybody: three asterisks stand for the password.
  public var description: String {
    let user = username.map(Self.encoded) ?? ""
    let who = password == nil ? (username == nil ? "" : "\(user)@") : "\(user):***@"
    let place = RedisURL(host: Self.escaped(host), port: port).server
    return "redis://\(who)\(place)/\(database)"
  }

  /// For debuggers and `dump`, without the password too.
  public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain =
        Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      return isPlain ? String(Unicode.Scalar(byte)) : escape(byte)
    }.joined()
  }

  /// A host as it stands in a URL: letters stay as they are, whatever they are; the `%` of a zone does not.
  private static func escaped(_ host: String) -> String {
    host.unicodeScalars.map { scalar in
      let isSeparator = "%/?#@[]".unicodeScalars.contains(scalar)
      let isPlain = scalar.value > 0x20 && scalar.value != 0x7F && !isSeparator
      return isPlain ? String(scalar) : String(scalar).utf8.map(escape).joined()
    }.joined()
  }

  private static func escape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
  }
}

extension RedisURL {
  /// Reads `redis://user:password@host:port/database`. O(length).
  public init(_ text: String) throws(RedisURLError) {
    let rest = try Self.afterScheme(Array(text.utf8)[...])
    let authorityEnd = rest.firstIndex(where: Self.endsAuthority) ?? rest.endIndex
    let authority = rest[..<authorityEnd]
    let path = rest[authorityEnd...]
    if path.contains(UInt8(ascii: "@")) {
      throw RedisURLError(
        part: .password, problem: "characters such as / ? # must be percent-encoded (/ is %2F)")
    }
    if path.contains(UInt8(ascii: "?")) || path.contains(UInt8(ascii: "#")) {
      throw RedisURLError(part: .query, problem: "parameters are not supported, leave them out")
    }
    self.init()
    var place = authority
    // Passwords with an @ of their own are common; hosts have none.
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
      try readCredentials(authority[..<at])
      place = authority[authority.index(after: at)...]
    }
    try readPlace(place)
    try readDatabase(path)
  }

  private static func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  /// Whether a byte of a decoded host has a meaning in URLs. An address in brackets has colons, and a
  /// zone behind a percent sign.
  private static func endsHost(_ byte: UInt8, isBracketed: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "]"): true
    case UInt8(ascii: ":"), UInt8(ascii: "%"): !isBracketed
    default: endsAuthority(byte)
    }
  }

  private static func afterScheme(
    _ bytes: ArraySlice<UInt8>
  ) throws(RedisURLError) -> ArraySlice<UInt8> {
    let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    let scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    let rest = bytes[colon...].dropFirst()
    switch scheme {
    case "redis" where rest.starts(with: "//".utf8): return rest.dropFirst(2)
    case "rediss":
      throw RedisURLError(
        part: .scheme, problem: "rediss:// (TLS) is not supported yet, use redis://")
    case "unix", "redis+unix", "redis-socket":
      throw RedisURLError(
        part: .scheme, problem: "unix sockets are not supported yet, use redis://host:port")
    default:
      throw RedisURLError(part: .scheme, problem: "must begin with redis://")
    }
  }

  private mutating func readCredentials(_ bytes: ArraySlice<UInt8>) throws(RedisURLError) {
    let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    let user = try Self.decoded(bytes[..<colon], .username)
    let secret = try Self.decoded(bytes[colon...].dropFirst(), .password)
    username = user.isEmpty ? nil : user
    password = secret.isEmpty ? nil : secret
    if username != nil && password == nil {
      throw RedisURLError(
        part: .password, problem: "is missing; without a user it is redis://:password@host")
    }
  }

  private mutating func readPlace(_ bytes: ArraySlice<UInt8>) throws(RedisURLError) {
    var digits = bytes[bytes.endIndex...]
    let isBracketed = bytes.first == UInt8(ascii: "[")
    if isBracketed {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else {
        throw RedisURLError(part: .host, problem: "an address that begins with [ must end with ]")
      }
      host = try Self.decoded(bytes[..<end].dropFirst(), .host)
      digits = bytes[end...].dropFirst()
      guard !host.isEmpty, digits.isEmpty || digits.first == UInt8(ascii: ":") else {
        throw RedisURLError(part: .host, problem: "must be an address in brackets: [::1]")
      }
    } else {
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
      let name = try Self.decoded(bytes[..<colon], .host)
      if !name.isEmpty { host = name }
      digits = bytes[colon...]
      if digits.dropFirst().contains(UInt8(ascii: ":")) {
        throw RedisURLError(part: .host, problem: "an IPv6 address needs brackets: [::1]")
      }
    }
    let isPrintable = host.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    if !isPrintable {
      throw RedisURLError(part: .host, problem: "must not hold spaces or control characters")
    }
    // What was escaped must not read as another URL once it is shown.
    if host.utf8.contains(where: { Self.endsHost($0, isBracketed: isBracketed) }) {
      throw RedisURLError(part: .host, problem: "must not hold any of : / ? # @ [ ] %")
    }
    digits = digits.dropFirst()
    if digits.isEmpty { return }
    guard let number = Self.number(digits), number >= 1, let port = UInt16(exactly: number) else {
      throw RedisURLError(part: .port, problem: "must be a number from 1 to 65535")
    }
    self.port = port
  }

  private mutating func readDatabase(_ path: ArraySlice<UInt8>) throws(RedisURLError) {
    let digits = path.dropFirst()
    if digits.isEmpty { return }
    guard let number = Self.number(digits), number <= Limits.databaseIndexMax else {
      throw RedisURLError(
        part: .database, problem: "must be a number from 0 to \(Limits.databaseIndexMax)")
    }
    database = number
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var number = Decimal()
    for byte in digits { number.read(byte) }
    guard let value = number.value, value >= 0 else { return nil }
    return value
  }

  private static func decoded(
    _ bytes: ArraySlice<UInt8>, _ part: RedisURLError.Part
  ) throws(RedisURLError) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        result.append(byte)
        continue
      }
      guard let high = hexadecimal(rest.popFirst()), let low = hexadecimal(rest.popFirst()) else {
        throw RedisURLError(
          part: part, problem: "a % must be followed by two hexadecimal digits (% itself is %25)")
      }
      result.append(high << 4 | low)
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw RedisURLError(part: part, problem: "must be UTF-8")
    }
    return text
  }

  private static func hexadecimal(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let byte) where byte >= 0x30 && byte <= 0x39: byte &- 0x30
    case .some(let byte) where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66: (byte | 0x20) &- 0x57
    default: nil
    }
  }
}
