internal import ProxyCore

/// The link that a client has to itself, and what it keeps there.
final class Pin {
  let link: PinnedLink
  /// Between MULTI and EXEC.
  var isInTransaction = false
  var isWatching = false
  /// State that only a reset ends: tracking, monitoring, an identity, whatever unknown commands leave.
  var leavesState = false
  /// The client's own identity, rather than the proxy's.
  var hasIdentity = false
  /// Whose, if it is known.
  var user: [UInt8]?
  var isMonitoring = false
  /// Whether Redis has reset the link for its client: it is no more what the proxy's links are.
  var wasReset = false
  var isTracking = false
  /// The clients that may get its invalidations: the last one, but for what a transaction does.
  var targets: [RedirectTarget] = []
  var queued = Queued()
  /// The databases that an EXEC under way selects.
  var selecting: [UInt32] = []

  init(link: PinnedLink) { self.link = link }

  /// What EXEC will do.
  struct Queued {
    var effect = CommandEffect.none
    var commandCount = 0
    /// Keys that its commands name.
    private(set) var keys: [[UInt8]] = []
    /// So many keys that they are not told apart any more.
    private(set) var isUncountable = false
    /// The databases that it selects, in order, by the places of their commands: it ends in that of the last
    /// SELECT that Redis obeys.
    private(set) var selections: [(element: Int, database: UInt32)] = []
    /// The name that the client has then, if it changes that.
    var name: [UInt8]?
    /// The version that it speaks then, if it changes that.
    var version: RESPVersion?
    /// By the places of their commands.
    private(set) var subscriptionChanges: [(element: Int, change: SubscriptionChange)] = []
    /// Whether something stays at Redis afterwards.
    var leavesState = false
    var changesIdentity = false
    private(set) var trackingChanges: [Pin.TrackingChange] = []
    private var bytes = 0
    /// What is kept of the transaction until its end.
    private(set) var keptBytes = 0

    mutating func add(_ key: RawSpan) {
      if isUncountable { return }
      keys.append(key.array)
      bytes += key.byteCount + Limits.keptNameOverhead
      keptBytes += key.byteCount + Limits.keptNameOverhead
      if bytes > Limits.queuedKeyBytesMax { forgetKeys() }
    }

    /// A command that was not seen as a whole: of its keys one is known at most.
    mutating func add(large spec: CommandSpec, key: [UInt8]?) {
      commandCount += 1
      effect = max(effect, spec.effect)
      if spec.routing != .shared { leavesState = true }
      if let key { add(key.rawSpan) } else { forgetKeys() }
    }

    private mutating func forgetKeys() {
      if isUncountable { return }
      isUncountable = true
      keys = []
      keptBytes -= bytes
    }

    mutating func add(_ change: SubscriptionChange) {
      leavesState = true
      subscriptionChanges.append((commandCount, change))
      keptBytes += Limits.keptNameOverhead + change.names.reduce(0) { $0 + Subscriptions.cost($1) }
      commandCount += 1
    }

    /// The command that was counted last is a SELECT.
    mutating func addSelection(of database: UInt32) {
      selections.append((commandCount - 1, database))
      keptBytes += Limits.keptNameOverhead
    }

    mutating func add(_ change: Pin.TrackingChange) {
      commandCount += 1
      leavesState = true
      trackingChanges.removeAll { $0.target?.clientID == change.target?.clientID }
      trackingChanges.append(change)
    }
  }

  /// Redis tracks for the client now, or not any more.
  func apply(_ change: Pin.TrackingChange) {
    leavesState = true
    isTracking = change.isOn
    targets = change.target.map { [$0] } ?? []
  }

  /// A transaction has done some of these.
  func apply(_ changes: [Pin.TrackingChange]) {
    guard let last = changes.last else { return }
    let others = targets + changes.dropLast().compactMap(\.target)
    apply(last)
    targets = others.filter { $0.clientID != last.target?.clientID } + targets
  }

  func endTransaction(keepsWatching: Bool = false) {
    isInTransaction = false
    isWatching = isWatching && keepsWatching
    queued = Queued()
  }

  /// Whether the link can be given back once nothing is under way on it.
  var isIdle: Bool { holdsNothing && link.subscriptionCount == 0 }

  /// Whether its loss is no loss to the client, what is under way aside.
  var holdsNothing: Bool { !isInTransaction && !isWatching && !leavesState }
}

extension Pin {
  /// What `CLIENT TRACKING` changes.
  struct TrackingChange {
    let isOn: Bool
    /// Who gets the invalidations instead; nil: the client itself.
    var target: RedirectTarget?
  }
}
