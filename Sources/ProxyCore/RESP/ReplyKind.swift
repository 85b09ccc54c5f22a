/// The types of RESP2 and RESP3, each by its first byte.
package enum ReplyKind: UInt8, Sendable, CaseIterable {
  case simpleString = 0x2B  // +
  case error = 0x2D  // -
  case integer = 0x3A  // :
  case bulkString = 0x24  // $
  case array = 0x2A  // *
  case null = 0x5F  // _
  case double = 0x2C  // ,
  case boolean = 0x23  // #
  case bulkError = 0x21  // !
  case verbatimString = 0x3D  // =
  case bigNumber = 0x28  // (
  case map = 0x25  // %
  case set = 0x7E  // ~
  case push = 0x3E  // >
  case attribute = 0x7C  // |

  enum Shape { case text, number, boolean, empty, payload, aggregate }

  /// How what follows the first byte is framed.
  var shape: Shape {
    switch self {
    case .simpleString, .error, .double, .bigNumber: .text
    case .integer: .number
    case .boolean: .boolean
    case .null: .empty
    case .bulkString, .bulkError, .verbatimString: .payload
    case .array, .map, .set, .push, .attribute: .aggregate
    }
  }

  /// Values an element of this aggregate's count stands for.
  var valuesPerElement: Int { self == .map || self == .attribute ? 2 : 1 }

  /// Whether RESP2's null may be written with this type, as a length of -1.
  var mayBeNull: Bool { self == .bulkString || self == .array }

  /// What the number on the line of this type may be: a length, a count, or any integer.
  func checked(_ number: Decimal) throws(ReplyDefect) -> Int {
    guard let value = number.value else { throw .numberInvalid }
    switch shape {
    case .payload:
      if value == -1 && mayBeNull { return value }
      guard value >= 0 && value <= Limits.replyStringBytesMax else { throw .lengthInvalid }
      // `txt:` comes first.
      if self == .verbatimString && value < 4 { throw .lengthInvalid }
    case .aggregate:
      if value == -1 && mayBeNull { return value }
      guard value >= 0 && value <= Limits.replyElementsMax else { throw .lengthInvalid }
    case .number, .text, .boolean, .empty: break
    }
    return value
  }
}
