/// The home's part in fences: when what Redis has pushed so far is applied here.
extension Home {
  /// A fence of some worker, as far as this one is concerned.
  struct FencePart {
    let isPassed: @Sendable () -> Void
    /// Links that have not answered.
    var left: Int
  }

  /// Calls `isPassed` when all that Redis has pushed here before this moment is applied.
  func fence(before isPassed: @escaping @Sendable () -> Void, now: Moment) {
    let part = fenceParts.insert(FencePart(isPassed: isPassed, left: 1))
    if !proxy.isTracking { cache.removeAll() }
    // Of what former links have filled, Redis tells this one nothing.
    if rules.contains(.unprovenForgotten) { proxy.cache.trust.forgetLastKnown(of: worker.index) }
    for link in links.values {
      fenceParts.change(part) { $0.left += 1 }
      guard link.connection.isReady else {
        fencePartLost(part, now: now)
        continue
      }
      do throws(RedisError) {
        try link.connection.submitFence(LinkToken(part | Self.fenceMark), now: now)
      } catch {
        // It takes no more, so it is given up, and what it has filled with it.
        link.connection.renew(because: error.reason, now: now)
        fencePartLost(part, now: now)
      }
    }
    fencePartAnswered(part, now: now)
  }

  /// A link cannot show that what Redis has pushed is applied. What such links have filled is not trusted
  /// already, and from here on it is no last known value either: the write that waits may be newer.
  func fencePartLost(_ token: UInt64, now: Moment) {
    if rules.contains(.unprovenForgotten) { proxy.cache.trust.forgetLastKnown(of: worker.index) }
    fencePartAnswered(token, now: now)
  }

  func fencePartAnswered(_ token: UInt64, now: Moment) {
    let part = token & ~Self.fenceMark
    let left = fenceParts.change(part) { part in
      part.left -= 1
      return part.left
    }
    guard left == 0, let ended = fenceParts.remove(part) else { return }
    ended.isPassed()
  }

  func isFence(_ token: UInt64) -> Bool { token & Self.fenceMark != 0 }

  /// Tells the tokens of fences from those of flights.
  private static let fenceMark: UInt64 = 1 << 63

  // MARK: Questions

  /// Passes a question of the proxy's own on over a fill link, where it stands in line with the fills.
  func pass(
    _ request: borrowing ByteBuffer, for recipient: consuming Call.Recipient,
    over link: LinkConnection, now: Moment
  ) throws(ProxyError) {
    let token = worker.insert(recipient, now: now)
    do throws(RedisError) {
      try link.submit(LinkToken(token | Self.questionMark), .answer, request.bytes, now: now)
    } catch {
      worker.calls.remove(token)
      throw .redis(error)
    }
  }

  /// The worker's token of such a question; nil where it is none.
  func question(_ token: UInt64) -> UInt64? {
    token & Self.questionMark == 0 || isFence(token) ? nil : token & ~Self.questionMark
  }

  /// Places in a table of tokens are below it.
  private static let questionMark: UInt64 = 1 << 31
}
