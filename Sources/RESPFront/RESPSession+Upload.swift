internal import ProxyCore

/// Requests that are too large to be waited for: they pass in pieces, over a link of their own.
extension RESPSession {
  /// The rest of such a request.
  final class Upload {
    var relay: RequestRelay
    /// Where it goes; nil where it was refused, so that the rest is only skipped.
    var link: PinnedLink?
    let call: UInt64
    /// Where its reply goes.
    let ticket: UInt64?
    /// The error that it is answered with at its end, where it was refused.
    let refusal: ProxyError?

    init(
      _ relay: RequestRelay, over link: PinnedLink? = nil, call: UInt64 = 0,
      ticket: UInt64? = nil, refusal: ProxyError? = nil
    ) {
      self.relay = relay
      self.link = link
      self.call = call
      self.ticket = ticket
      self.refusal = refusal
    }
  }

  func executeLarge(
    _ large: RequestParser.LargeArgument, in bytes: RawSpan, now: Moment
  ) -> Step {
    let spec = worker.commands.command(of: parser.arguments, in: bytes)
    let key = spec.singleKeyArgument
    let isKnown = key.map { $0 < parser.arguments.count } ?? false
    // Where the arguments to come tell what it does, all are waited for, as long as that is reasonable; and
    // whatever they are where the client's own state depends on them.
    let mustBeWhole =
      large.isOverall
      ? !spec.mayPassUnseen
      : !isKnown || spec.routing != .shared || pin?.isInTransaction == true
    if mustBeWhole {
      parser.keepBuffering()
      return .done(0)
    }
    guard traffic.isEmpty else { return stall(.quiet) }
    defer {
      if logsAccess {
        note(spec, key, bytes, arguments: large.argumentCount, .done(0), now: now)
      }
    }
    let head = bytes.extracting(0..<large.headLength)
    var refusal: ProxyError?
    if pin == nil { refusal = takePin() }
    guard let link = pin?.link, refusal == nil else {
      if let refusal { noteOutcome(AccessOutcome(refusal)) }
      upload = Upload(parser.relay(), refusal: refusal)
      return .done(large.headLength)
    }
    // What it is, the rest may decide: the worst is assumed.
    if !isKnown && spec.routing != .shared { link.endWithClient() }
    var passage = Passage(
      .pinned(link), database: client.database, effect: isKnown ? spec.effect : .fence)
    if pin?.isInTransaction == true {
      // Nothing is executed before EXEC, which owes the cache what this will do then.
      let known = isKnown ? key : nil
      pin?.queued.add(large: spec, key: known.map { parser.arguments.bytes($0, in: head).array })
      passage.effect = .none
      noteKept()
    } else if let key, isKnown, spec.effect == .writes {
      let bytes = parser.arguments.bytes(key, in: head)
      worker.beginIntent(bytes, hash: worker.hash(bytes), &passage.intents)
    }
    let ticket = begin(.namingAll(bytes: large.headLength))
    if spec.isTimed { record(head, of: ticket, .done(0), more: large.length, now: now) }
    do throws(ProxyError) {
      let call = try worker.pass(head, passage, for: self, ticket: ticket, now: now)
      upload = Upload(parser.relay(), over: link, call: call, ticket: ticket)
    } catch {
      upload = Upload(parser.relay())
      failed(ticket, because: error, now: now)
    }
    return .done(large.headLength)
  }

  /// The next piece of it.
  func relayUpload(_ bytes: RawSpan, now: Moment) -> Step {
    guard let verdict = upload?.relay.take(bytes) else { return .done(0) }
    let length: Int
    switch verdict {
    case .partial: length = bytes.byteCount
    case .complete(let count): length = count
    case .refused(let error):
      // What was sent of it cannot be taken back, so the link is closed; no reply is due for it.
      if let ticket = upload?.ticket { queue.drop(ticket) }
      upload = nil
      abandonPin(now: now)
      return refuse(error)
    }
    if let link = upload?.link, let call = upload?.call {
      if !link.extend(call, bytes.extracting(0..<length)) { upload?.link = nil }
    }
    if case .complete = verdict { endUpload() }
    if let link = upload?.link, link.isOutputBlocked,
      link.outputCount > Limits.relayedBytesMax
    {
      stall = .upload
      connection?.pauseReading()
    }
    return .done(length)
  }

  private func endUpload() {
    if let refusal = upload?.refusal {
      reply(refusal)
      worker.note(.resp, outcome)
      // It was written down when its head came.
      access.outcome = nil
    }
    upload = nil
    client.replies.advance()
  }

  /// The request has been answered, or has failed, before it had come as a whole: the rest is skipped. To Redis the
  /// link is in the middle of it.
  func endPassingOn() {
    upload?.link?.endWithClient()
    upload?.link = nil
    if stall == .upload { resume() }
  }

  func linkDrained(now: Moment) {
    if stall == .upload { resume() }
  }
}

extension CommandSpec {
  /// Whether a request may be passed on before all of its arguments are known: nothing that is kept of its client
  /// depends on them.
  fileprivate var mayPassUnseen: Bool {
    switch routing {
    case .shared: verb != .debug
    case .unknown: true
    default: false
    }
  }
}
