internal import Synchronization

/// Whether databases were exchanged since the last look. `SWAPDB` pushes no invalidation, so that one within a
/// script, or under another name, shows only in what Redis counts.
struct SwapWatch {
  /// What `INFO commandstats` counts.
  struct Counts: Equatable {
    var swaps = 0
    /// Of all commands together. Every look adds to it, so that no more than before tell of `CONFIG RESETSTAT`:
    /// unless so much was done since the last look that the counts have caught up.
    var calls = 0
  }

  /// The databases that have keys, as they were at the last look.
  private var databases: [UInt32]?
  private var counts: Counts?
  /// How many of the requests that may exchange databases had been executed when the last look was sent.
  private var executed = 0
  /// When the first look was answered: of what was sent before, it says nothing.
  private var begun: Moment?

  /// Whether an exchange by what was sent at `moment` would show.
  func covers(_ moment: Moment) -> Bool { begun.map { $0 < moment } ?? false }

  /// Whether nothing but the databases that have keys needs to be known: where only one has, and the same one
  /// as before, no exchange has had an effect that lasts.
  ///
  /// That holds for one request that may have exchanged them. Two may have done so and back, and a fill between them
  /// saw the other database: then the counts are read.
  ///
  /// Once exchanges were counted, the counts are read at every look: after `CONFIG RESETSTAT`, as many exchanges
  /// as before are told from none by the calls that were counted up to the last look.
  ///
  /// - Parameter sent: How many such requests have been sent by now.
  func isSettled(by databases: [UInt32], sent: Int) -> Bool {
    databases.count <= 1 && databases == self.databases && (counts?.swaps ?? 0) == 0
      && sent - executed <= 1
  }

  /// Whether there may have been an exchange since the last look.
  func hasSwapped(_ counts: Counts?) -> Bool {
    guard let counts, let known = self.counts else { return true }
    return counts.swaps != known.swaps || counts.calls <= known.calls
  }

  mutating func note(_ databases: [UInt32], _ counts: Counts?, executed: Int, now: Moment) {
    self.databases = databases
    self.counts = counts
    self.executed = executed
    begun = begun ?? now
  }

  mutating func noteSettled(executed: Int) { self.executed = max(self.executed, executed) }

  /// The databases that `INFO keyspace` names, in its order.
  static func databases(in text: [UInt8]) -> [UInt32] {
    lines(text).compactMap { line in
      guard line.starts(with: Array("db".utf8)) else { return nil }
      return number(line.dropFirst(2)).flatMap { UInt32(exactly: $0) }
    }
  }

  /// What `INFO commandstats` counts; nil where it is no such text.
  static func counts(in text: [UInt8]) -> Counts? {
    var counts = Counts()
    for line in lines(text) where line.starts(with: "cmdstat_".utf8) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let values = line[colon...].dropFirst()
      guard values.starts(with: "calls=".utf8), let calls = number(values.dropFirst(6)) else {
        continue
      }
      counts.calls &+= calls
      if line[..<colon].elementsEqual("cmdstat_swapdb".utf8) { counts.swaps = calls }
    }
    return counts.calls > 0 ? counts : nil
  }

  private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
  }

  /// The digits that `text` begins with.
  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    var number = Decimal()
    for digit in text.prefix(while: { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
      number.read(digit)
    }
    return number.value
  }
}

extension Proxy {
  /// Whether a fence has to look for exchanged databases: where Redis tells which server it is, it tells this too.
  var looksForSwaps: Bool {
    isTracking && !capacityIsZero && runID != nil && settings.rules.contains(.swapsSeen)
  }
}

/// Looking for exchanged databases, as a part of a fence.
extension Worker {
  /// Looks for the first time, before much is filled over a link that has just become ready.
  func beginSwapWatch(over link: LinkConnection, now: Moment) {
    guard proxy.looksForSwaps, proxy.beginsSwapWatch() else { return }
    let executed = proxy.fencedRequests.executed
    inquire("keyspace", over: link, now: now) { [unowned self] text, now in
      let databases = SwapWatch.databases(in: text ?? [])
      inquire("commandstats", over: link, now: now) { [unowned self] text, now in
        proxy.noteDatabases(
          databases, text.flatMap { SwapWatch.counts(in: $0) }, executed: executed, now: now)
      }
    }
  }

  /// Empties the cache, if there was an exchange, before the fence is through.
  ///
  /// - Parameter sent: When the first of the requests was sent that wait for the fence.
  func lookForSwaps(
    before isPassed: @escaping @Sendable () -> Void, sent: Moment, now: Moment
  ) {
    guard proxy.swapWatch.covers(sent) else {
      cache.removeAll()
      return isPassed()
    }
    let link = home.links[homeDatabase]?.connection
    let executed = proxy.fencedRequests.executed
    inquire("keyspace", over: link, now: now) { [unowned self] text, now in
      guard let text else { return foundSwap([], nil, executed, before: isPassed, now: now) }
      let databases = SwapWatch.databases(in: text)
      if proxy.swapWatch.isSettled(by: databases, sent: proxy.fencedRequests.sent) {
        proxy.noteSettled(executed: executed)
        return isPassed()
      }
      inquire("commandstats", over: link, now: now) { [unowned self] text, now in
        let counts = text.flatMap { SwapWatch.counts(in: $0) }
        if proxy.swapWatch.hasSwapped(counts) {
          foundSwap(databases, counts, executed, before: isPassed, now: now)
        } else {
          proxy.noteDatabases(databases, counts, executed: executed, now: now)
          isPassed()
        }
      }
    }
  }

  private func foundSwap(
    _ databases: [UInt32], _ counts: SwapWatch.Counts?, _ executed: Int,
    before isPassed: @Sendable () -> Void, now: Moment
  ) {
    // Before it is noted: another worker that finds it noted relies on the emptying.
    cache.removeAll()
    proxy.noteDatabases(databases, counts, executed: executed, now: now)
    isPassed()
  }

  /// Asks Redis for a section of INFO, over a fill link or, where there is none, a shared one; nil where it
  /// does not tell.
  func inquire(
    _ section: StaticString, over link: LinkConnection?, now: Moment,
    _ body: @escaping ([UInt8]?, Moment) -> Void
  ) {
    var request = ByteBuffer()
    request.appendCommand(argumentCount: 2)
    request.appendArgument("INFO")
    request.appendArgument(section)
    let recipient = Call.Recipient.task { [unowned self] reply in
      body((try? reply.get())?.bytes, loop.now)
    }
    do throws(ProxyError) {
      if let link, link.isReady {
        try home.pass(request, for: recipient, over: link, now: now)
      } else {
        var passage = Passage(.shared(.three, .reads), database: homeDatabase, effect: .none)
        passage.delivery = .answer
        try pass(request, passage, for: recipient, now: now)
      }
    } catch {
      body(nil, now)
    }
  }
}
