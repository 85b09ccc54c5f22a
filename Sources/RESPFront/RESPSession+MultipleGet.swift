internal import ProxyCore

/// `MGET` from memory, where the operator wants that: each element is as coherent as a `GET`, but they may
/// be from different moments.
extension RESPSession {
  func getMany(_ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment) -> Step {
    // Who has been given a permit uses it, as with GET.
    guard case .none = permit, keys.knowledge == .exact,
      keys.count <= Limits.multipleGetKeysMax
    else {
      return pass(spec, request, length, now: now)
    }
    switch wayAmongOthers(request) {
    case .waits: return stall(.order)
    case .follows: return pass(spec, request, length, now: now)
    case .isFree: break
    }
    // Before any of it is looked up: then nothing is counted twice.
    if traffic.isFull { return stall(.room) }
    var step: Step?
    withScratch { known in
      var gaps: [MultipleGet.Gap] = []
      for place in 0..<keys.count {
        let argument = keys[place].argument
        let key = parser.arguments.bytes(argument, in: request)
        if !appendKnown(key, to: &known, now: now) {
          gaps.append(MultipleGet.Gap(argument: argument, offset: known.count))
        }
        if known.count > Limits.multipleGetBytesMax {
          step = pass(spec, request, length, now: now)
          return
        }
      }
      if gaps.isEmpty {
        outcome = .hit
        noteOutcome(.hit)
        reply { output in
          output.appendArrayHeader(count: keys.count)
          output.append(known.bytes)
        }
      } else {
        fetch(gaps, request, length, known: known.bytes, now: now)
      }
    }
    return step ?? .done(length)
  }

  private enum KeyOrder { case isFree, follows, waits }

  /// Whether what is under way for the client names any of the keys.
  private func wayAmongOthers(_ request: RawSpan) -> KeyOrder {
    guard !traffic.isEmpty, worker.proxy.settings.rules.contains(.order) else { return .isFree }
    var waits = options.ordersAll && traffic.fetches > 0
    var follows = options.ordersAll && traffic.passes > 0
    for place in 0..<keys.count {
      let hash = worker.hash(parser.arguments.bytes(keys[place].argument, in: request))
      waits = waits || traffic.fetchNames(hash)
      follows = follows || traffic.passNames(hash)
    }
    return waits ? .waits : follows ? .follows : .isFree
  }

  private func appendKnown(
    _ key: RawSpan, to known: inout ByteBuffer, now: Moment
  ) -> Bool {
    guard
      let hit = worker.find(key, hash: worker.hash(key), database: client.database, now: now)
    else { return false }
    hit.appendReply(client.version, to: &known)
    return true
  }

  /// Fetches what is missing. All keys are named until the end: Redis may be asked for all of them yet.
  private func fetch(
    _ gaps: [MultipleGet.Gap], _ request: RawSpan, _ length: Int, known: RawSpan, now: Moment
  ) {
    var journey = Journey(.fetch, bytes: length + keys.count * Limits.multipleGetKeyBytes)
    for place in 0..<keys.count {
      journey.add(worker.hash(parser.arguments.bytes(keys[place].argument, in: request)))
    }
    let multiple = MultipleGet(
      self, ticket: begin(journey), request: request, count: keys.count, known: known, gaps: gaps)
    for (number, gap) in gaps.enumerated() {
      if multiple.hasEnded { return }
      let key = parser.arguments.bytes(gap.argument, in: request)
      worker.fetch(
        key, hash: worker.hash(key), database: client.database, for: multiple,
        ticket: UInt64(number), now: now)
    }
  }

  /// All elements have come, or there will be none.
  func gathered(_ multiple: MultipleGet, _ outcome: MultipleGet.MultipleGetOutcome, now: Moment) {
    let ticket = multiple.ticket
    if logsAccess { noteOutcome(outcome, of: ticket) }
    var ended: RequestOutcome?
    switch outcome {
    case .whole: answer(ticket) { multiple.write(to: &$0, client.version) }
    case .error(let error): answer(ticket) { $0.appendError(error.rawSpan) }
    case .failed(let error):
      ended = RequestOutcome(error)
      answer(ticket) { error.write(to: &$0) }
    case .large: return borrowLink(for: multiple.request, ticket, now: now)
    }
    conclude(ticket, ended, now: now)
  }
}
