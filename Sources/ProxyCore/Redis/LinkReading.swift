/// How far the stream was read.
struct LinkReading: ~Copyable {
  enum Frame: Equatable {
    /// A reply or a push begins here.
    case boundary
    /// Within a reply that goes to its request.
    case reply
    /// Within a reply to the greeting.
    case greeting
    /// Within a reply that goes nowhere, to a request of `fill`: what it says of the value instead.
    case skippedValue(FilledValue)
    case skippedLifetime
    /// Within what nobody asked for: handed on, or dropped.
    case unasked
    case push
    case confirmation(isShard: Bool)
    /// Within an invalidation, before so many of its keys.
    case keys(Int)
    /// Within a key of it that is too long; so many follow.
    case skippedKey(Int)

    var mayBePush: Bool {
      switch self {
      case .unasked, .push, .confirmation: true
      case .boundary, .reply, .greeting, .skippedValue, .skippedLifetime, .keys, .skippedKey: false
      }
    }
  }

  var frame = Frame.boundary
  var scanner = ReplyScanner()
  /// What the first reply of the fill at hand said, once something stands between it and the second.
  var firstHalf: FilledValue?
  var held = ByteBuffer()
  /// What has come of a reply that is read as a whole.
  var collected = ByteBuffer()
  var isTooLarge = false
  /// Which limit that was.
  var limit = 0
  /// The last tree; nil where there is none, because of this.
  var tree: RESPValue?
  var treeDefect: ReplyDefect?

  /// Of the request at the head, where its delivery is `transaction`.
  var transaction: TransactionReading?
  /// What the last one said of its SELECTs.
  var lastSelection: Int?
  /// What the peer speaks: in RESP3 an array is never a message.
  var version = RESPVersion.two

  var confirmationTail = ConfirmationTail()
  var channels = 0
  var shardChannels = 0

  init(_ role: LinkRole) {
    // A command that tells the client of its own effects does so before its reply is complete. To a fill link
    // it would be an invalidation that is not applied.
    scanner.allowsNestedPushes = role != .fill
  }

  /// Whether arrays may come that are no replies.
  var isSubscribed: Bool { channels > 0 || shardChannels > 0 }

  mutating func forgetSubscriptions() {
    channels = 0
    shardChannels = 0
  }

  mutating func hold(_ bytes: RawSpan) {
    held.removeAll()
    if held.allocated > max(Limits.linkHeldKeptMax, bytes.byteCount) { held.release() }
    held.append(bytes)
  }
}

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
