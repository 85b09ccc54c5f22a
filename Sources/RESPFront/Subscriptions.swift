internal import ProxyCore

/// What a client is subscribed to, by its own requests: needed because `UNSUBSCRIBE` without arguments is
/// confirmed once for each channel.
struct Subscriptions {
  private var channels: [SubscriptionChange.ChannelKind: Set<[UInt8]>] = [:]

  /// What all the names take.
  private(set) var bytes = 0

  var isEmpty: Bool { channels.values.allSatisfy(\.isEmpty) }

  /// Notes a request; says how many confirmations it will have.
  mutating func begin(_ change: SubscriptionChange) -> UInt32 {
    var names = channels.removeValue(forKey: change.kind) ?? []
    var count = change.argumentCount
    if change.isSubscribing {
      for name in change.names where names.insert(name).inserted { bytes += Self.cost(name) }
    } else if change.names.isEmpty {
      count = max(1, names.count)
      for name in names { bytes -= Self.cost(name) }
      names = []
    } else {
      remove(change.names, from: &names)
    }
    channels[change.kind] = names
    return UInt32(clamping: max(1, count))
  }

  private mutating func remove(_ gone: Set<[UInt8]>, from names: inout Set<[UInt8]>) {
    for name in gone where names.remove(name) != nil { bytes -= Self.cost(name) }
  }

  static func cost(_ name: [UInt8]) -> Int { name.count + Limits.keptNameOverhead }

  func count(_ kind: SubscriptionChange.ChannelKind) -> Int { channels[kind]?.count ?? 0 }

  /// Redis has refused it.
  mutating func undo(_ change: SubscriptionChange) {
    guard change.isSubscribing, var names = channels.removeValue(forKey: change.kind) else {
      return
    }
    remove(change.names, from: &names)
    channels[change.kind] = names
  }
}
