internal import ProxyCore

/// How the values of a setting are written.
struct Form<Value: Sendable>: Sendable {
  /// What a value is called in the help.
  let valueName: String
  /// Whether a value must never be shown.
  let isSecret: Bool
  private let parse: @Sendable (String) throws(FormError) -> Value
  private let write: @Sendable (Value) -> String

  /// A form whose errors say what is wrong without quoting the text.
  init(
    valueName: String, isSecret: Bool = false,
    parse: @escaping @Sendable (String) throws(FormError) -> Value,
    write: @escaping @Sendable (Value) -> String
  ) {
    self.valueName = valueName
    self.isSecret = isSecret
    self.parse = parse
    self.write = write
  }

  /// A form with one `rule`, which an error gives, with the text that broke it.
  init(
    valueName: String, rule: String, read: @escaping @Sendable (String) -> Value?,
    write: @escaping @Sendable (Value) -> String
  ) {
    self.init(
      valueName: valueName,
      parse: { text throws(FormError) in
        guard let value = read(text) else { throw FormError("\(rule), not \(quoted(text))") }
        return value
      }, write: write)
  }

  func value(of text: String) throws(FormError) -> Value { try parse(text) }

  /// As a user would write it.
  func text(of value: Value) -> String { write(value) }

  /// The same form, where an empty text says that there is none.
  var orNone: Form<Value?> {
    Form<Value?>(
      valueName: valueName, isSecret: isSecret,
      parse: { text throws(FormError) in text.isEmpty ? nil : try parse(text) },
      write: { $0.map(write) ?? "" })
  }
}

/// What was written, for an error: on one line, nothing in it that a terminal would obey, and not all of
/// it where it is long.
func quoted(_ text: String) -> String {
  let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(64)))
  let isWhole = start.utf8.count == text.utf8.count
  return VisibleText.of(start.debugDescription) + (isWhole ? "" : "…")
}

// MARK: Numbers

extension Form where Value == UInt16 {
  static let port = Self(
    valueName: "PORT", rule: "a port is a number from 0 to 65535",
    read: { text in number(text).flatMap { UInt16(exactly: $0) } }, write: { "\($0)" })

  /// One that leads somewhere.
  static let remotePort = Self(
    valueName: "PORT", rule: "a port is a number from 1 to 65535",
    read: { text in number(text).flatMap { $0 > 0 ? UInt16(exactly: $0) : nil } },
    write: { "\($0)" })
}

extension Form where Value == Int {
  static func count(_ range: ClosedRange<Int>, of unit: String = "") -> Self {
    let what = unit.isEmpty ? "a number" : "a number of \(unit)"
    return Self(
      valueName: unit.isEmpty ? "COUNT" : unit.uppercased(),
      rule: "it is \(what) from \(range.lowerBound) to \(range.upperBound)",
      read: { text in number(text).flatMap { range.contains($0) ? $0 : nil } }, write: { "\($0)" })
  }

  /// With the units of Redis's own configuration: `1k` is 1000, `1kb` is 1024.
  static func bytes(_ range: ClosedRange<Int>) -> Self {
    let (least, most) = (ByteCount.text(range.lowerBound), ByteCount.text(range.upperBound))
    return Self(
      valueName: "BYTES", rule: "it is from \(least) to \(most), such as 512kb, 256mb or 1gb",
      read: { text in ByteCount.value(of: text).flatMap { range.contains($0) ? $0 : nil } },
      write: ByteCount.text)
  }
}

/// A plain number: digits, and nothing else.
private func number(_ text: some StringProtocol) -> Int? {
  guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
    return nil
  }
  return Int(text)
}

/// Numbers of bytes as Redis's configuration has them.
private enum ByteCount {
  private static let units: [(name: String, bytes: Int)] = [
    ("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("g", 1_000_000_000), ("m", 1_000_000),
    ("k", 1_000), ("b", 1),
  ]

  static func value(of text: String) -> Int? {
    let text = text.lowercased()
    let unit = units.first { text.hasSuffix($0.name) }
    guard let count = number(text.dropLast(unit?.name.count ?? 0)) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit?.bytes ?? 1)
    return overflow ? nil : bytes
  }

  @Sendable static func text(_ bytes: Int) -> String {
    let unit = units.prefix(3).first { bytes > 0 && bytes % $0.bytes == 0 }
    return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)"
  }
}

// MARK: Times

extension Form where Value == Duration {
  /// Seconds, with at most nine digits after a point. `zeroMeans` says what 0 does where it is allowed
  /// beside the range.
  static func seconds(from least: Duration, through most: Duration, zeroIsAllowed: Bool) -> Self {
    let span = "from \(Seconds.text(least)) to \(Seconds.text(most))"
    return Self(
      valueName: "SECONDS",
      rule: "it is a number of seconds \(span)\(zeroIsAllowed ? ", or 0" : "")",
      read: { text in
        guard let value = Seconds.value(of: text) else { return nil }
        return (least...most).contains(value) || (zeroIsAllowed && value == .zero) ? value : nil
      }, write: Seconds.text)
  }
}

private enum Seconds {
  static func value(of text: String) -> Duration? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let whole = number(first), whole <= Int(Int32.max) else {
      return nil
    }
    guard parts.count == 2 else { return .seconds(whole) }
    let digits = parts[1]
    guard digits.count <= 9, let fraction = number(digits) else { return nil }
    let scale = (digits.count..<9).reduce(1) { scale, _ in scale * 10 }
    return .seconds(whole) + .nanoseconds(fraction * scale)
  }

  @Sendable static func text(_ duration: Duration) -> String {
    let (whole, rest) = duration.clampedNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if rest == 0 { return "\(whole)" }
    var digits = "\(rest)"
    digits = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}

// MARK: Words

extension Form where Value == Bool {
  static let onOff = Self.either("on", "off")
  static let yesNo = Self.either("yes", "no")

  private static func either(_ yes: String, _ no: String) -> Self {
    Self(
      valueName: "\(yes)|\(no)", rule: "it is \(yes) or \(no)",
      read: { $0 == yes ? true : $0 == no ? false : nil }, write: { $0 ? yes : no })
  }
}

extension Form
where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of the names of its cases.
  static var choice: Self {
    let words = Value.allCases.map(\.rawValue)
    return Self(
      valueName: words.joined(separator: "|"), rule: "it is \(words.joined(separator: " or "))",
      read: { Value(rawValue: $0) }, write: \.rawValue)
  }
}

// MARK: Texts

extension Form where Value == String {
  /// A name or a numeric address.
  static let host = Self(
    valueName: "HOST", rule: "an address or a name is needed",
    read: { text in
      let isHost = text.utf8.allSatisfy { byte in
        let isLetter = byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
        let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        return isLetter || isDigit || byte >= 0x80 || ".-_:%".utf8.contains(byte)
      }
      // Names have no percent sign; behind one, an IPv6 address has the name of an interface.
      let hasZone = text.utf8.contains(UInt8(ascii: "%"))
      if hasZone && !text.utf8.contains(UInt8(ascii: ":")) { return nil }
      return isHost && isPlain(text) && !text.isEmpty && text.utf8.count <= 255 ? text : nil
    }, write: { $0 })

  /// Whether it is shown on one line, as it is.
  static func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: false
      default: true
      }
    }
  }

  /// What stands for a secret wherever it would be shown.
  static let mask = "***"

  /// Something that is never shown.
  static let secret = Self(
    valueName: "SECRET", isSecret: true,
    parse: { text throws(FormError) in
      if text == mask { throw FormError("\(mask) stands for what is not shown: write the secret") }
      guard text.utf8.count <= 1_024, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw FormError("it has at most 1024 bytes, and no control characters")
      }
      return text
    }, write: { $0.isEmpty ? "" : mask })

  /// Anything that `isRight` agrees to.
  static func text(
    valueName: String, rule: String, _ isRight: @escaping @Sendable (String) -> Bool
  ) -> Self {
    Self(valueName: valueName, rule: rule, read: { isRight($0) ? $0 : nil }, write: { $0 })
  }
}

extension Form where Value == RedisURL {
  /// Its errors name a part and quote nothing, since a password may be anywhere in what was written.
  static let redisURL = Self(
    valueName: "URL", isSecret: true,
    parse: { text throws(FormError) in
      let url: RedisURL
      do throws(RedisURLError) {
        url = try RedisURL(text)
      } catch {
        throw FormError("\(error.part.rawValue): \(error.problem)")
      }
      if url.password == Form<String>.mask {
        throw FormError("\(Form<String>.mask) stands for what is not shown: write the secret")
      }
      return url
    }, write: \.description)
}
