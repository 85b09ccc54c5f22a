/// What comes unasked.
extension Link {
  mutating func beginPush(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    let head = PushHead.read(bytes.extracting(position..<bytes.byteCount))
    if case .needsMore(let count) = head { return .needsMore(atLeast: count) }
    if case .malformed(let defect) = head {
      return fail(.protocolDefect(defect.description), now: now)
    }
    if profile.role == .fill {
      switch head {
      case .invalidation(let keys, let length):
        position &+= length
        reading.frame = keys > 0 ? .keys(keys) : .boundary
        return nil
      case .invalidationOfAll(let length):
        position &+= length
        return .invalidatedAll
      case .confirmation, .message, .other, .needsMore, .malformed: break
      }
    }
    guard profile.role.isPinned, isReady || isDraining else {
      reading.frame = .push
      return nil
    }
    if case .confirmation(let isShard) = head {
      return beginUnasked(.confirmation(isShard: isShard))
    }
    return beginUnasked(.unasked)
  }

  private var isDraining: Bool { if case .draining = state { true } else { false } }

  mutating func readKey(
    _ bytes: RawSpan, at position: inout Int, left: Int, now: Moment
  ) -> LinkEvent? {
    let rest = bytes.extracting(position..<bytes.byteCount)
    switch FillReply.read(rest, valueMax: Limits.invalidatedKeyBytesMax) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .value(let key, let length):
      let start = position
      position &+= length
      reading.frame = left > 1 ? .keys(left &- 1) : .boundary
      return .invalidated(key: start &+ key.lowerBound..<start &+ key.upperBound)
    case .oversized:
      reading.frame = .skippedKey(left &- 1)
      return .invalidatedAll
    case .malformed(let defect): return fail(.protocolDefect(defect.description), now: now)
    case .absent, .integer, .error, .other:
      return fail(.protocolDefect("an invalidated key is no string"), now: now)
    }
  }

  mutating func beginUnasked(_ frame: LinkReading.ReplyFrame) -> LinkEvent? {
    reading.frame = frame
    return nil
  }

  mutating func relayUnasked(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    let isFirst = !reading.scanner.isMidReply
    let start = position
    guard let isLast = scan(bytes, at: &position, now: now) else { return .lost }
    let place = start..<position
    var token = LinkToken.own
    var endsRequest = false
    if case .confirmation(let isShard) = reading.frame {
      reading.confirmationTail.pass(bytes.extracting(place))
      if isLast, let count = reading.confirmationTail.count {
        if isShard { reading.shardChannels = count } else { reading.channels = count }
      }
      if let request = requests.first, reading.transaction?.expectsConfirmation == true {
        return transactionPiece(
          place, of: request.token, isLast: isLast, isConfirmation: true)
      }
      if var request = requests.first, case .confirmations(let left) = request.delivery {
        token = request.token
        endsRequest = isLast && left <= 1
        if endsRequest {
          endRequest()
        } else if isLast {
          request.delivery = .confirmations(left &- 1)
          requests.replaceFirst(request)
        }
      }
    }
    if isLast { reading.frame = .boundary }
    let piece = LinkPiece(
      token: token, bytes: place, isFirst: isFirst, isLast: isLast, endsRequest: endsRequest)
    return token == .own ? .unasked(piece) : .piece(piece)
  }

  /// The client of a pinned link has had Redis speak this.
  package mutating func noteVersion(_ version: RESPVersion) { reading.version = version }

  /// The client's subscriptions have ended with a RESET.
  package mutating func forgetSubscriptions() { reading.forgetSubscriptions() }

  /// Channels and patterns that the client of a pinned link is subscribed to, as Redis counts them.
  package var subscriptionCount: Int {
    max(0, reading.channels) &+ max(0, reading.shardChannels)
  }
}
