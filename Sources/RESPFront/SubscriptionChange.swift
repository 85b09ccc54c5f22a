internal import ProxyCore

/// A request that changes what a client is subscribed to.
struct SubscriptionChange {
  enum ChannelKind: Hashable { case channels, patterns, shards }

  let kind: ChannelKind
  let isSubscribing: Bool
  let names: Set<[UInt8]>
  private let count: Int

  init(_ verb: CommandVerb, _ arguments: borrowing ArgumentTable, in request: RawSpan) {
    kind =
      switch verb {
      case .psubscribe, .punsubscribe: .patterns
      case .ssubscribe, .sunsubscribe: .shards
      default: .channels
      }
    isSubscribing = verb == .subscribe || verb == .psubscribe || verb == .ssubscribe
    count = arguments.count &- 1
    var names: Set<[UInt8]> = []
    for place in 1..<max(1, arguments.count) {
      names.insert(arguments.bytes(place, in: request).array)
    }
    self.names = names
  }

  /// Arguments, repeated ones included: each is confirmed.
  var argumentCount: Int { count }
}
