internal import ProxyCore

/// `PROXY HOTKEYS`: every loop is asked what its clients read most.
extension RESPSession {
  func tellHotKeys(_ request: RawSpan, _ length: Int, now: Moment) -> Step {
    guard let count = wantedCount(2, in: request) else { return .done(length) }
    let ticket = begin(Journey(.pass, bytes: length))
    blockedBy = Blocker(ticket: ticket, isBlocking: false)
    worker.findHotKeys(atMost: count) { [self] tally, now in
      answer(ticket) { Self.append(tally, client.version, to: &$0) }
      conclude(ticket, .local, now: now)
    }
    return .done(length)
  }

  private static func append(
    _ tally: HotKeyTally, _ version: RESPVersion, to output: inout ByteBuffer
  ) {
    output.appendArrayHeader(count: tally.keys.count)
    for key in tally.keys {
      output.appendMapHeader(count: 4, version)
      output.appendArgument("key")
      output.appendArgument(key.shownKey)
      output.appendArgument("database")
      output.appendInteger(Int(key.database))
      output.appendArgument("reads-per-second")
      output.appendDouble(tenths(key.readsPerSecond), version)
      output.appendArgument("percent-of-reads")
      let share = tally.readsPerSecond > 0 ? key.readsPerSecond / tally.readsPerSecond : 0
      output.appendDouble(tenths(share * 100), version)
    }
  }

  private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

extension HotKey {
  /// The key, or as much of it as is known and how much is missing.
  fileprivate var shownKey: [UInt8] {
    let missing = keyBytes - key.count
    return missing > 0 ? key + Array("... (\(missing) more bytes)".utf8) : key
  }
}
