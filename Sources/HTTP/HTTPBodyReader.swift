internal import ProxyCore

/// Follows the body of a request in the pieces in which it comes, so that it can be kept or
/// dropped. It keeps no bytes itself.
///
/// ```
///   length ──(all)──▶ complete
///
///   size ──▶ extension ──▶ sizeFeed ──▶ data ──▶ dataReturn ──▶ dataFeed ──▶ size
///                              └─(size 0)─▶ trailerStart ──(empty line)──▶ endFeed ──▶ complete
///                                              │    ▲
///                    trailerName ◀─────────────┘    └── trailerFeed ◀── trailerValue
/// ```
///
/// Trailers are checked and forgotten: none of them may change what the head has said.
package struct HTTPBodyReader {
  package enum BodyStep: Equatable, Sendable {
    /// All bytes belong to the body or its framing, and more will come.
    case partial
    /// The bytes in `range` are contents. Go on with those after it.
    case data(Range<Int>)
    /// The body ends with the first `length` of these bytes.
    case complete(length: Int)
    /// Say so, and close.
    case refused(HTTPError)
  }

  private enum BodyStage: Equatable {
    case length, complete
    case sizeFirst, size, sizeSpace, extensionFirst, `extension`, sizeFeed, data, dataReturn,
      dataFeed
    case trailerStart, trailerName, trailerValue, trailerFeed, endFeed
    case refused(HTTPError)
  }

  private var stage: BodyStage
  /// Of the whole body, or of the chunk at hand.
  private var bytesLeft = 0
  /// What further chunks may bring.
  private var bytesAllowed: Int
  private var lineBytes = 0
  private var overhead = 0
  private var trailerCount = 0
  private var trailerBytes = 0

  /// A reader of the body that a head announces, of `bytesMax` bytes at most.
  package init(_ framing: HTTPRequestHead.BodyFraming, bytesMax: Int) {
    bytesAllowed = min(max(0, bytesMax), Limits.httpBodyBytesMax)
    switch framing {
    case .none: stage = .complete
    case .length(let count):
      stage = count > bytesAllowed ? .refused(.bodyTooLarge) : .length
      bytesLeft = max(0, count)
    case .chunked: stage = .sizeFirst
    }
  }

  /// How many bytes of contents are known to come; nil where only their end will tell.
  package var knownBytesLeft: Int? {
    switch stage {
    case .length: bytesLeft
    case .complete: 0
    default: nil
    }
  }

  /// What the next bytes are; each byte is given once. O(framing), without a look at contents.
  package mutating func take(_ bytes: RawSpan) -> BodyStep {
    var offset = 0
    do throws(HTTPError) {
      while true {
        switch stage {
        case .complete: return .complete(length: offset)
        case .refused(let error): return .refused(error)
        case .length, .data:
          let taken = min(bytesLeft, bytes.byteCount &- offset)
          if bytesLeft > 0 && taken == 0 { return .partial }
          bytesLeft &-= taken
          if bytesLeft == 0 { stage = stage == .data ? .dataReturn : .complete }
          if taken > 0 { return .data(offset..<offset &+ taken) }
        default:
          guard offset < bytes.byteCount else { return .partial }
          try step(unsafe bytes.byte(at: offset))  // in bounds: compared just now
          offset &+= 1
        }
      }
    } catch {
      stage = .refused(error)
      return .refused(error)
    }
  }

  /// The same for a body that is discarded: never `.data`.
  package mutating func discard(_ bytes: RawSpan) -> BodyStep {
    var offset = 0
    while true {
      switch take(bytes.extracting(offset..<bytes.byteCount)) {
      case .data(let range): offset &+= range.upperBound
      case .complete(let length): return .complete(length: offset &+ length)
      case .partial: return .partial
      case .refused(let error): return .refused(error)
      }
    }
  }

  private mutating func step(_ byte: UInt8) throws(HTTPError) {
    switch stage {
    case .sizeFirst, .size, .sizeSpace, .extensionFirst, .extension, .sizeFeed:
      try stepSize(byte)
    case .dataReturn:
      guard byte == UInt8(ascii: "\r") else { throw .chunkEndMissing }
      stage = .dataFeed
    case .dataFeed:
      guard byte == UInt8(ascii: "\n") else { throw .chunkEndMissing }
      lineBytes = 0
      stage = .sizeFirst
    case .trailerStart, .trailerName, .trailerValue, .trailerFeed, .endFeed:
      try stepTrailer(byte)
    case .length, .data, .complete, .refused: break
    }
  }

  // MARK: The line before a chunk

  private mutating func stepSize(_ byte: UInt8) throws(HTTPError) {
    lineBytes &+= 1
    if lineBytes > Limits.httpChunkLineBytesMax { throw .chunkLineTooLong }
    switch stage {
    case .sizeFirst:
      bytesLeft = 0
      try readDigit(byte)
      stage = .size
    case .size where byte.hexValue != nil: try readDigit(byte)
    case .size where byte == UInt8(ascii: "\r"): stage = .sizeFeed
    case .size, .sizeSpace:
      if byte == UInt8(ascii: ";") {
        stage = .extensionFirst
      } else {
        // A space may stand before an extension, and nowhere else.
        guard FieldSyntax.isSpace(byte) else { throw .chunkSizeInvalid }
        stage = .sizeSpace
      }
    case .extensionFirst:
      guard FieldSyntax.isToken(byte) || FieldSyntax.isSpace(byte) else {
        throw .chunkLineInvalid
      }
      if FieldSyntax.isToken(byte) { stage = .extension }
    case .extension:
      if byte == UInt8(ascii: "\r") {
        stage = .sizeFeed
      } else if !FieldSyntax.isValue(byte) {
        throw .chunkLineInvalid
      }
    default:
      guard byte == UInt8(ascii: "\n") else { throw .chunkLineInvalid }
      try endSizeLine()
    }
  }

  private mutating func readDigit(_ byte: UInt8) throws(HTTPError) {
    guard let digit = byte.hexValue else { throw .chunkSizeInvalid }
    // Cannot overflow: what is allowed is far below.
    bytesLeft = bytesLeft &* 16 &+ Int(digit)
    if bytesLeft > bytesAllowed { throw .bodyTooLarge }
  }

  /// Many small chunks with long lines would cost far more than their contents are worth.
  private mutating func endSizeLine() throws(HTTPError) {
    let excess = lineBytes &- bytesLeft &- Limits.httpChunkOverheadFree
    overhead = max(0, overhead &+ excess)
    if overhead > Limits.httpChunkOverheadMax { throw .chunkLineTooLong }
    bytesAllowed &-= bytesLeft
    stage = bytesLeft > 0 ? .data : .trailerStart
  }

  // MARK: Trailers

  private mutating func stepTrailer(_ byte: UInt8) throws(HTTPError) {
    trailerBytes &+= 1
    if trailerBytes > Limits.httpFieldBytesMax { throw .fieldsTooLarge }
    switch stage {
    case .trailerStart:
      if byte == UInt8(ascii: "\r") {
        stage = .endFeed
        return
      }
      if FieldSyntax.isSpace(byte) { throw .fieldFolded }
      guard FieldSyntax.isToken(byte) else {
        throw byte == UInt8(ascii: "\n") ? .lineFeedBare : .fieldNameInvalid
      }
      trailerCount &+= 1
      if trailerCount > Limits.httpFieldsMax { throw .fieldsTooMany }
      stage = .trailerName
    case .trailerName:
      if byte == UInt8(ascii: ":") {
        stage = .trailerValue
      } else if FieldSyntax.isSpace(byte) {
        throw .fieldNameSpaced
      } else if !FieldSyntax.isToken(byte) {
        throw .fieldNameInvalid
      }
    case .trailerValue:
      if byte == UInt8(ascii: "\r") {
        stage = .trailerFeed
      } else if !FieldSyntax.isValue(byte) {
        throw byte == UInt8(ascii: "\n") ? .lineFeedBare : .fieldValueInvalid
      }
    case .trailerFeed, .endFeed:
      guard byte == UInt8(ascii: "\n") else { throw .fieldValueInvalid }
      stage = stage == .endFeed ? .complete : .trailerStart
    default: break
    }
  }
}
