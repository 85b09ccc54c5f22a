/// Why bytes are no reply. The link that they came from is of no more use.
package enum ReplyDefect: Error, Equatable, Sendable {
  case typeUnknown(UInt8)
  case numberInvalid
  case lengthInvalid
  case lineTooLong
  case lineEndMissing
  case payloadEndMissing
  case booleanInvalid
  case nullInvalid
  case doubleInvalid
  case bigNumberInvalid
  case verbatimInvalid
  case streamed
  case nestedTooDeeply
  case pushNested
  case truncated
  case excessBytes
}

extension ReplyDefect: CustomStringConvertible {
  /// For people: `malformed reply: a length is negative or too large`.
  package var description: String {
    let why =
      switch self {
      case .typeUnknown(let byte): "no type begins with byte \(byte)"
      case .numberInvalid: "a number is none or does not fit 64 bits"
      case .lengthInvalid: "a length is negative or too large"
      case .lineTooLong: "a line does not end"
      case .lineEndMissing: "a line does not end in CR LF"
      case .payloadEndMissing: "a string does not end in CR LF"
      case .booleanInvalid: "a boolean is neither t nor f"
      case .nullInvalid: "something follows a null"
      case .doubleInvalid: "a double is no number"
      case .bigNumberInvalid: "a big number is no number"
      case .verbatimInvalid: "a verbatim string has no format"
      case .streamed: "streamed types are not supported"
      case .nestedTooDeeply: "aggregates are nested too deeply"
      case .pushNested: "a push stands within a reply"
      case .truncated: "it ends too early"
      case .excessBytes: "something follows it"
      }
    return "malformed reply: \(why)"
  }
}
