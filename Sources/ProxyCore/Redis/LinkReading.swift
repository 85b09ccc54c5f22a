/// How far the stream was read.
struct LinkReading: ~Copyable {
  enum ReplyFrame: Equatable {
    /// A reply or a push begins here.
    case boundary
    /// Within a reply that goes to its request.
    case reply
    /// Within a reply to the greeting.
    case greeting
    /// Within a reply that goes nowhere, to a request of `fill`: what it says of the value instead.
    case skippedValue(FilledValue)
    case skippedLifetime
    /// Within what came unasked: handed on, or dropped.
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

  var frame = ReplyFrame.boundary
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
