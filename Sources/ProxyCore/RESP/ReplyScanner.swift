/// Finds where a reply ends, without keeping its bytes, so that it can be skipped or sent on in pieces.
///
/// ```
///                   ┌── CR ──────────────────────────────────────┐
///   type ──▶ number / text / boolean ──CR──▶ lineEnd ──▶ payload ──▶ payloadCR ──▶ payloadLF
///    ▲                                         │                                       │
///    └──── an aggregate opens, or has elements left ◀──────────────────────────────────┘
/// ```
///
/// An attribute belongs to the value it precedes: a reply is complete only after that. A push may not
/// stand within another reply, unless it is told that Redis does so.
package struct ReplyScanner: ~Copyable {
  package enum ScanVerdict: Equatable, Sendable {
    /// All bytes belong to the reply, and more will come.
    case partial
    /// The reply ends with the first `length` of these bytes.
    case complete(length: Int)
    /// No reply. The scanner is of no more use until it is reset.
    case malformed(ReplyDefect)
  }

  private enum ScanStage {
    case type, number, text, boolean, booleanEnd, lineEnd
    case payload, payloadCarriageReturn, payloadLineFeed, complete
  }

  /// An aggregate whose elements are not complete. One whose last value is itself an aggregate is left to
  /// that one's frame: both end at the same place, so that a chain of any length is one frame.
  private struct Frame {
    var valuesLeft: Int
    /// Whether it is none of the values of the aggregate around it: an attribute, or a push.
    let isExtra: Bool
  }

  /// The type of the reply at hand, or of the last one: nil before its first byte, attributes apart.
  package private(set) var kind: ReplyKind?
  /// What the reply's first line says: its integer, length or count; -1 for a null in RESP2's way.
  /// Nil for other types and until the line has come.
  package private(set) var headline: Int?
  /// Whether an attribute precedes the reply.
  package private(set) var hasAttribute = false

  /// Whether a push may stand within a reply, between its values: it is none of them then.
  package var allowsNestedPushes = false

  private var stage = ScanStage.type
  private var element = ReplyKind.null
  private var number = Decimal()
  private var numberIsBegun = false
  private var textBytes = 0
  private var payloadLeft = 0
  private var frames: [Frame] = []

  package init() {}

  /// Whether a reply has begun and is not complete.
  package var isMidReply: Bool {
    switch stage {
    case .complete: false
    case .type: !frames.isEmpty || hasAttribute
    default: true
    }
  }

  package var isNull: Bool {
    kind == .null || (headline == -1 && kind?.mayBeNull == true)
  }

  package mutating func reset() {
    stage = .type
    kind = nil
    headline = nil
    hasAttribute = false
    frames.removeAll(keepingCapacity: frames.capacity <= Limits.replyFramesKeptMax)
  }

  /// What the next bytes are; each byte is given once. O(bytes), without looking at payloads.
  package mutating func scan(_ bytes: RawSpan) -> ScanVerdict {
    if !isMidReply, let length = scanWhole(bytes) { return .complete(length: length) }
    if stage == .complete { reset() }
    var offset = 0
    do throws(ReplyDefect) {
      while offset < bytes.byteCount {
        switch stage {
        case .payload:
          let taken = min(payloadLeft, bytes.byteCount &- offset)
          payloadLeft &-= taken
          offset &+= taken
          if payloadLeft == 0 { stage = .payloadCarriageReturn }
        case .text:
          offset = try scanText(bytes, from: offset)
        default:
          try step(unsafe bytes.byte(at: offset))  // in bounds by the loop
          offset &+= 1
          if stage == .complete { return .complete(length: offset) }
        }
      }
    } catch {
      return .malformed(error)
    }
    return .partial
  }

  /// The length of a common reply that stands at the beginning of `bytes` and is there as a whole: an
  /// integer, a status, a string. Nil for all others, and for whatever is not plain about one: those are
  /// scanned step by step.
  private mutating func scanWhole(_ bytes: RawSpan) -> Int? {
    // In bounds, here and below: each offset is compared with the count first.
    guard bytes.byteCount > 3, let kind = ReplyKind(rawValue: unsafe bytes.byte(at: 0)) else {
      return nil
    }
    var headline: Int?
    var end: Int
    switch kind {
    case .simpleString:
      guard let found = bytes.firstOffset(of: UInt8(ascii: "\r"), in: 1..<bytes.byteCount),
        found <= Limits.replyStringBytesMax
      else { return nil }
      end = found
    case .integer, .bulkString:
      var value = 0
      end = 1
      while end < min(bytes.byteCount, 18) {
        let digit = unsafe bytes.byte(at: end) &- UInt8(ascii: "0")
        if digit > 9 { break }
        value = value &* 10 &+ Int(digit)
        end &+= 1
      }
      let isZero = unsafe bytes.byte(at: 1) == UInt8(ascii: "0")
      // A zero leads no number but itself.
      if end == 1 || (end > 2 && isZero) { return nil }
      headline = value
      guard kind == .bulkString else { break }
      guard bytes.isLineEnd(at: end), value <= bytes.byteCount &- end &- 2 else { return nil }
      end &+= 2 &+ value
    default: return nil
    }
    guard bytes.isLineEnd(at: end) else { return nil }
    self.kind = kind
    self.headline = headline
    hasAttribute = false
    stage = .complete
    return end &+ 2
  }

  private mutating func scanText(_ bytes: RawSpan, from start: Int) throws(ReplyDefect) -> Int {
    let found = bytes.firstOffset(of: UInt8(ascii: "\r"), in: start..<bytes.byteCount)
    let end = found ?? bytes.byteCount
    textBytes &+= end &- start
    if textBytes > Limits.replyStringBytesMax { throw .lineTooLong }
    guard found != nil else { return end }
    stage = .lineEnd
    return end &+ 1
  }

  private mutating func step(_ byte: UInt8) throws(ReplyDefect) {
    switch stage {
    case .type: try begin(byte)
    case .number: try readNumber(byte)
    case .boolean:
      guard byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f") else { throw .booleanInvalid }
      stage = .booleanEnd
    case .booleanEnd:
      guard byte == UInt8(ascii: "\r") else {
        throw element == .null ? .nullInvalid : .booleanInvalid
      }
      stage = .lineEnd
    case .lineEnd:
      guard byte == UInt8(ascii: "\n") else { return try stepAfterReturn(byte) }
      try endLine()
    case .payloadCarriageReturn:
      guard byte == UInt8(ascii: "\r") else { throw .payloadEndMissing }
      stage = .payloadLineFeed
    case .payloadLineFeed:
      guard byte == UInt8(ascii: "\n") else { throw .payloadEndMissing }
      endValue()
    case .text, .payload, .complete: break
    }
  }

  /// A CR alone ends no line of text: Redis may repeat in an error what a client has said.
  private mutating func stepAfterReturn(_ byte: UInt8) throws(ReplyDefect) {
    guard element.shape == .text else { throw .lineEndMissing }
    textBytes &+= 2
    if textBytes > Limits.replyStringBytesMax { throw .lineTooLong }
    if byte != UInt8(ascii: "\r") { stage = .text }
  }

  private mutating func begin(_ byte: UInt8) throws(ReplyDefect) {
    guard let begun = ReplyKind(rawValue: byte) else { throw .typeUnknown(byte) }
    if frames.isEmpty {
      if begun == .attribute { hasAttribute = true } else { kind = begun }
    } else if begun == .push && !allowsNestedPushes {
      throw .pushNested
    }
    element = begun
    switch begun.shape {
    case .text:
      textBytes = 0
      stage = .text
    case .boolean: stage = .boolean
    case .empty: stage = .booleanEnd
    case .number, .payload, .aggregate:
      number = Decimal(allowsPlus: begun == .integer)
      numberIsBegun = false
      stage = .number
    }
  }

  private mutating func readNumber(_ byte: UInt8) throws(ReplyDefect) {
    defer { numberIsBegun = true }
    if byte == UInt8(ascii: "\r") {
      stage = .lineEnd
    } else if !numberIsBegun && byte == UInt8(ascii: "?") && element != .integer {
      throw .streamed
    } else {
      number.read(byte)
      if number.isRefused { throw .numberInvalid }
    }
  }

  private mutating func endLine() throws(ReplyDefect) {
    switch element.shape {
    case .text, .boolean, .empty: endValue()
    case .number:
      note(try element.checked(number))
      endValue()
    case .payload:
      let length = try element.checked(number)
      note(length)
      payloadLeft = length
      if length < 0 { endValue() } else { stage = length > 0 ? .payload : .payloadCarriageReturn }
    case .aggregate:
      let count = try element.checked(number)
      note(count)
      let isExtra = element == .attribute || (element == .push && !frames.isEmpty)
      if count > 0 {
        try open(count &* element.valuesPerElement, isExtra: isExtra)
        stage = .type
      } else if isExtra {
        stage = .type
      } else {
        endValue()
      }
    }
  }

  private mutating func open(_ valueCount: Int, isExtra: Bool) throws(ReplyDefect) {
    if let last = frames.indices.last, frames[last].valuesLeft == 1, !isExtra {
      frames[last] = Frame(valuesLeft: valueCount, isExtra: frames[last].isExtra)
      return
    }
    guard frames.count < Limits.replyFramesMax else { throw .nestedTooDeeply }
    frames.append(Frame(valuesLeft: valueCount, isExtra: isExtra))
  }

  /// Keeps the number of the reply's own line.
  private mutating func note(_ value: Int) {
    if frames.isEmpty && element != .attribute { headline = value }
  }

  /// A value is whole, and with it perhaps the aggregates whose last it was.
  private mutating func endValue() {
    while let last = frames.indices.last {
      frames[last].valuesLeft &-= 1
      stage = .type
      if frames[last].valuesLeft > 0 { return }
      if frames.removeLast().isExtra { return }
    }
    stage = .complete
  }
}
