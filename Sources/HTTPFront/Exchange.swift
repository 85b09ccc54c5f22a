internal import HTTP
internal import ProxyCore

/// A request that waits for something: the rest of its body, a permit, Redis.
final class Exchange {
  var request: HTTPRequest
  let purpose: HTTPPurpose
  let key: [UInt8]
  let hash: UInt64
  /// By which it is told what comes for it from what came too late for another.
  let ticket: UInt64
  /// When it was received.
  let start: Moment
  @safe @exclusivity(unchecked) var body = HTTPBodyReader(.none, bytesMax: 0)
  /// What has come of a value that is written, while it is collected.
  @safe @exclusivity(unchecked) var contents = ByteBuffer()
  /// By which number its worker knows what it fetches; 0 where that is nothing.
  var fetch: UInt64 = 0
  /// The link that a large value passes over, one way or the other.
  var link: PinnedLink?
  /// A value that is passed on as it comes.
  var upload: UInt64?
  /// Whether a write has been sent, or stands in line for a permit.
  var hasLeft = false
  /// What has come of a reply that is passed on as it comes.
  @safe @exclusivity(unchecked) var reply = ValueReply()

  init(
    _ request: HTTPRequest, _ purpose: HTTPPurpose, key: RawSpan, hash: UInt64, ticket: UInt64,
    start: Moment
  ) {
    self.request = request
    self.purpose = purpose
    self.key = key.array
    self.hash = hash
    self.ticket = ticket
    self.start = start
  }
}
