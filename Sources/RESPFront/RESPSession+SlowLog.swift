internal import ProxyCore

/// What took long, and `PROXY SLOWLOG`, which tells of it as Redis's `SLOWLOG` does.
extension RESPSession {
  // MARK: Keeping

  /// Writes the request at hand down if its reply is still to come. `more` is the length of an argument
  /// that has not come yet.
  func record(
    _ request: RawSpan, of ticket: UInt64, _ step: Step, more: Int? = nil, now: Moment
  ) {
    // What clients with an identity of their own do is not shown to others.
    guard step != .stalled, worker.keepsSlowRequests, pin?.hasIdentity != true else { return }
    let start = waitingSince ?? now
    if !queue.hasEnded(ticket) {
      queue.note(ledger.add(parser.arguments, in: request, more: more, since: start), of: ticket)
    } else if waitingSince != nil {
      // It has waited, perhaps in vain.
      settle(ledger.add(parser.arguments, in: request, more: more, since: start), now: now)
    }
  }

  /// A request that was written down is over.
  func settle(_ entry: RequestLedger.LedgerEntry, now: Moment) {
    let duration = now.nanosecondsSince(entry.start)
    if worker.keepsSlowRequest(nanoseconds: duration) {
      worker.slowLog.add(
        nanoseconds: duration, arguments: ledger.request(of: entry), client: connection?.peer,
        name: client.name)
    }
    if queue.isEmpty { ledger.removeAll() } else { ledger.forget(before: queue.firstEntry) }
  }

  // MARK: Telling

  /// What follows `PROXY SLOWLOG`, which has two words or more.
  func tellSlow(_ request: RawSpan, _ length: Int) -> Step {
    let name = parser.arguments.bytes(2, in: request)
    let count = parser.arguments.count
    let log = worker.slowLog
    if name.equalsIgnoringCase("help") && count == 3 {
      reply { Self.appendLines(Self.slowHelp, to: &$0) }
    } else if name.equalsIgnoringCase("len") && count == 3 {
      reply { $0.appendInteger(log.count) }
    } else if name.equalsIgnoringCase("reset") && count == 3 {
      log.removeAll()
      reply { $0.appendSimpleString("OK") }
    } else if name.equalsIgnoringCase("get") && count <= 4 {
      guard let wanted = wantedCount(3, in: request) else { return .done(length) }
      let entries = log.latest(wanted)
      reply { output in
        output.appendArrayHeader(count: entries.count)
        for entry in entries { entry.write(to: &output) }
      }
    } else {
      reply {
        ClientState.refuse(
          "ERR unknown subcommand or wrong number of arguments for '", name,
          "'. Try PROXY SLOWLOG HELP.", &$0)
      }
    }
    return .done(length)
  }

  /// How many are asked for by the argument at `place`, 10 where there is none; nil, and Redis's error,
  /// where that is no answer.
  func wantedCount(_ place: Int, in request: RawSpan) -> Int? {
    guard place < parser.arguments.count else { return Self.wantedCountDefault }
    guard let number = Decimal(parser.arguments.bytes(place, in: request))?.value, number >= -1
    else {
      reply { $0.appendError("ERR count should be greater than or equal to -1") }
      return nil
    }
    return number == -1 ? Int.max : number
  }

  private static let wantedCountDefault = 10

  private static let slowHelp: [StaticString] = [
    "PROXY SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET [<count>]",
    "    Return the latest requests that took long, 10 or <count> of them (-1: all). Each is",
    "    its number, the time at its end, how long it took in microseconds, its arguments,",
    "    its client's address, and its client's name.",
    "LEN", "    Return how many there are.",
    "RESET", "    Forget them.",
    "HELP", "    Prints this help.",
  ]
}

extension SlowLog.SlowRequest {
  /// As in Redis's reply.
  fileprivate func write(to output: inout ByteBuffer) {
    output.appendArrayHeader(count: 6)
    output.appendInteger(number)
    output.appendInteger(unixSeconds)
    output.appendInteger(microseconds)
    output.append(arguments.rawSpan)
    output.appendArgument(Array((client?.description ?? "?:0").utf8))
    output.appendArgument(name)
  }
}

extension CommandSpec {
  /// Whether it says something how long it took, and others may read its arguments.
  var isTimed: Bool {
    switch routing {
    case .blocking, .wait: return false
    default: break
    }
    switch verb {
    case .auth, .hello: return false
    default: return true
    }
  }
}
