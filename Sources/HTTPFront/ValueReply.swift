internal import HTTP
internal import ProxyCore

/// The reply to a `GET` whose value is passed on as it comes. The link has checked its form.
struct ValueReply {
  enum Beginning: Equatable {
    /// Its first line has not come to its end.
    case needsMore
    /// A value of `count` bytes, which begins at `offset` of the piece.
    case value(count: Int, offset: Int)
    case absent
    /// The text of an error.
    case error([UInt8])
  }

  private var line: [UInt8] = []
  /// What has not come of the value; nil before it is known how long that is.
  private var bytesLeft: Int?

  /// Whether the value's length is known, and with it the head of the response.
  var isBegun: Bool { bytesLeft != nil }

  /// Takes a piece, or the beginning of it.
  mutating func begin(_ piece: RawSpan) -> Beginning {
    let feed = piece.firstOffset(of: UInt8(ascii: "\n"), in: 0..<piece.byteCount)
    let end = feed ?? piece.byteCount
    let room = max(0, Limits.httpReplyLineBytesMax - line.count)
    line += piece.extracting(0..<min(end, room)).array
    guard let feed else { return .needsMore }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    let text = Array(line.dropFirst())
    guard line.first == UInt8(ascii: "$"), let count = Decimal(text.rawSpan)?.value, count >= 0
    else { return line.first == UInt8(ascii: "-") ? .error(text) : .absent }
    bytesLeft = count
    return .value(count: count, offset: feed &+ 1)
  }

  /// How many of the next `count` bytes are the value's.
  mutating func take(_ count: Int) -> Int {
    let taken = min(count, bytesLeft ?? 0)
    bytesLeft = (bytesLeft ?? 0) &- taken
    return taken
  }
}
