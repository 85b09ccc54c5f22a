internal import ProxyCore

/// What a client is subscribed to, by its own requests: needed because `UNSUBSCRIBE` without arguments is
/// confirmed once for each channel.
struct Subscriptions {
  private var channels: [SubscriptionChange.Kind: Set<[UInt8]>] = [:]

  var isEmpty: Bool { channels.values.allSatisfy(\.isEmpty) }

  /// Notes a request; says how many confirmations it will have.
  mutating func begin(_ change: SubscriptionChange) -> UInt32 {
    let before = channels[change.kind] ?? []
    var count = change.argumentCount
    if change.isSubscribing {
      channels[change.kind] = before.union(change.names)
    } else if change.names.isEmpty {
      count = max(1, before.count)
      channels[change.kind] = []
    } else {
      channels[change.kind] = before.subtracting(change.names)
    }
    return UInt32(clamping: max(1, count))
  }

  func count(_ kind: SubscriptionChange.Kind) -> Int { channels[kind]?.count ?? 0 }

  /// Redis has refused it.
  mutating func undo(_ change: SubscriptionChange) {
    if change.isSubscribing { channels[change.kind]?.subtract(change.names) }
  }
}

/// A request that changes what a client is subscribed to.
struct SubscriptionChange {
  enum Kind: Hashable { case channels, patterns, shards }

  let kind: Kind
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
