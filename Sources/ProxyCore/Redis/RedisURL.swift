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
