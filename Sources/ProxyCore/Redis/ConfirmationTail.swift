/// The end of a confirmation, which is `:2\r\n`: to how many channels the client is subscribed now.
struct ConfirmationTail {
  private var bytes = InlineArray<24, UInt8>(repeating: 0)

  /// Keeps the last bytes of what has passed.
  mutating func pass(_ piece: RawSpan) {
    let taken = min(piece.byteCount, 24)
    for index in 0..<24 &- taken { bytes[index] = bytes[index &+ taken] }
    for index in 0..<taken {
      // In bounds: `taken` is at most the piece's length.
      bytes[24 &- taken &+ index] = unsafe piece.byte(at: piece.byteCount &- taken &+ index)
    }
  }

  var count: Int? {
    let tail = unsafe bytes.span.bytes  // bytes have no padding
    guard tail.isLineEnd(at: 22) else { return nil }
    var start = 22
    while start > 0, bytes[start &- 1] != UInt8(ascii: ":") { start &-= 1 }
    guard start > 0 else { return nil }
    return Decimal(tail.extracting(start..<22), allowsPlus: true)?.value
  }
}
