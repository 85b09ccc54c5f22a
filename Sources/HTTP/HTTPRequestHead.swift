internal import ProxyCore

/// What the head of a request says: small values, and ranges in its bytes. Copying it copies no
/// bytes.
package struct HTTPRequestHead: Sendable {
  /// What `Connection` lists of what is known here.
  package struct ConnectionOptions: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let close = ConnectionOptions(rawValue: 1)
    package static let keepAlive = ConnectionOptions(rawValue: 2)
  }

  package internal(set) var method = HTTPMethod.unknown
  package internal(set) var version = HTTPRequestHead.Version.oneOne
  package internal(set) var target = 0..<0
  /// Where the value of `Host` stands; of no use where there is none.
  package internal(set) var host = 0..<0
  package internal(set) var options: ConnectionOptions = []
  package internal(set) var body = HTTPRequestHead.BodyFraming.none
  /// Where the head ends.
  package internal(set) var length = 0

  private var present: UInt16 = 0
  private var repeated: UInt16 = 0
  /// Of the first line of each field that is present.
  private var values = InlineArray<15, FieldValue>(repeating: FieldValue(start: 0, end: 0))

  /// Heads are shorter than 64 KiB.
  private struct FieldValue {
    var start: UInt16
    var end: UInt16
  }

  init() {}

  /// Forgets the request before. The values stay, and are not looked at.
  mutating func removeAll() {
    method = .unknown
    options = []
    body = .none
    present = 0
    repeated = 0
  }

  package func contains(_ field: HTTPField) -> Bool { present & Self.bit(field) != 0 }

  /// Whether a list comes in several lines.
  func isRepeated(_ field: HTTPField) -> Bool { repeated & Self.bit(field) != 0 }

  /// Whether any of the fields is there that most requests do without.
  var containsConditions: Bool {
    let fields =
      Self.bit(.ifMatch) | Self.bit(.ifNoneMatch) | Self.bit(.ifRange) | Self.bit(.range)
    return present & fields != 0
  }

  /// Where the field's value stands, without spaces around it; the first one's of a list of lines.
  package subscript(field: HTTPField) -> Range<Int>? {
    guard contains(field) else { return nil }
    let value = values[Int(field.rawValue)]
    return Int(value.start)..<max(Int(value.start), Int(value.end))
  }

  /// Notes a line. False where there was one before and there must not be.
  mutating func note(_ field: HTTPField, _ range: Range<Int>) -> Bool {
    if contains(field) {
      repeated |= Self.bit(field)
      return field.isList
    }
    present |= Self.bit(field)
    values[Int(field.rawValue)] = FieldValue(
      start: UInt16(truncatingIfNeeded: range.lowerBound),
      end: UInt16(truncatingIfNeeded: range.upperBound))
    return true
  }

  /// The elements of the field, through all its lines.
  func elements(_ field: HTTPField) -> FieldElements {
    FieldElements(
      field, first: self[field], isRepeated: isRepeated(field), length: length)
  }

  private static func bit(_ field: HTTPField) -> UInt16 { 1 &<< UInt16(field.rawValue) }
}

extension HTTPRequestHead {
  /// The version that a request is written in. Later minor versions of 1 are read as 1.1, as they
  /// allow.
  package enum Version: Equatable, Sendable {
    case oneZero, oneOne
  }
}

extension HTTPRequestHead {
  /// How a request says where its body ends.
  package enum BodyFraming: Equatable, Sendable {
    case none
    /// So many bytes, at least one.
    case length(Int)
    case chunked
  }
}
