/// The reply to a `GET` or a `PTTL`, read at once: what a cache fill needs of the protocol.
///
/// Read the bytes from the reply's first on. The header of a value that is not whole yet is read again
/// with the next piece, which costs a few bytes; a text is looked for only in its first
/// `Limits.replyErrorBytesMax` bytes.
package enum FillReply: Equatable, Sendable {
  case needsMore(atLeast: Int)
  /// The string in `bytes`; the reply ends before `length`.
  case value(bytes: Range<Int>, length: Int)
  /// A string of `count` bytes, over the maximum. Leave it to a `ReplyScanner`.
  case oversized(count: Int)
  case absent(length: Int)
  case integer(Int, length: Int)
  /// The error's text in `text`, its code first, without `-`.
  case error(text: Range<Int>, length: Int)
  /// Another type. Leave it to a `ReplyScanner`.
  case other
  case malformed(ReplyDefect)

  /// Reads the first reply in `bytes`. O(1) for all but errors.
  package static func read(_ bytes: RawSpan, valueMax: Int) -> FillReply {
    guard bytes.byteCount > 0 else { return .needsMore(atLeast: 1) }
    // In bounds: there is a byte.
    guard let kind = ReplyKind(rawValue: unsafe bytes.byte(at: 0)) else {
      return .malformed(.typeUnknown(unsafe bytes.byte(at: 0)))
    }
    switch kind {
    case .bulkString, .integer: return readNumber(bytes, kind, valueMax: valueMax)
    case .null:
      if bytes.byteCount < 3 { return .needsMore(atLeast: 3 &- bytes.byteCount) }
      return bytes.isLineEnd(at: 1) ? .absent(length: 3) : .malformed(.nullInvalid)
    case .error: return readError(bytes)
    default: return .other
    }
  }

  private static func readNumber(_ bytes: RawSpan, _ kind: ReplyKind, valueMax: Int) -> FillReply {
    var number = Decimal(allowsPlus: kind == .integer)
    var offset = 1
    while offset < bytes.byteCount {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      if byte == UInt8(ascii: "\r") { break }
      if offset == 1 && byte == UInt8(ascii: "?") && kind == .bulkString {
        return .malformed(.streamed)
      }
      number.read(byte)
      if number.isRefused { return .malformed(.numberInvalid) }
      offset &+= 1
    }
    let start = offset &+ 2
    if start > bytes.byteCount { return .needsMore(atLeast: start &- bytes.byteCount) }
    guard bytes.isLineEnd(at: offset) else { return .malformed(.lineEndMissing) }
    do throws(ReplyDefect) {
      let value = try kind.checked(number)
      if kind == .integer { return .integer(value, length: start) }
      if value < 0 { return .absent(length: start) }
      if value > valueMax { return .oversized(count: value) }
      let end = start &+ value
      if end &+ 2 > bytes.byteCount { return .needsMore(atLeast: end &+ 2 &- bytes.byteCount) }
      guard bytes.isLineEnd(at: end) else { return .malformed(.payloadEndMissing) }
      return .value(bytes: start..<end, length: end &+ 2)
    } catch {
      return .malformed(error)
    }
  }

  private static func readError(_ bytes: RawSpan) -> FillReply {
    let limit = Limits.replyErrorBytesMax
    guard let end = bytes.firstOffset(of: UInt8(ascii: "\r"), in: 1..<limit) else {
      return bytes.byteCount < limit ? .needsMore(atLeast: 1) : .other
    }
    if end &+ 2 > bytes.byteCount { return .needsMore(atLeast: 1) }
    guard bytes.isLineEnd(at: end) else { return .malformed(.lineEndMissing) }
    return .error(text: 1..<end, length: end &+ 2)
  }
}

extension RawSpan {
  /// Whether CR LF stands at `offset`; false where the span ends before.
  func isLineEnd(at offset: Int) -> Bool {
    guard offset >= 0 && offset <= byteCount &- 2 else { return false }
    // In bounds: guarded above.
    return unsafe byte(at: offset) == UInt8(ascii: "\r")
      && byte(at: offset &+ 1) == UInt8(ascii: "\n")
  }
}
