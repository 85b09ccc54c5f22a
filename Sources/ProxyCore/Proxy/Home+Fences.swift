/// The home's part in fences: when what Redis has pushed so far is applied here.
extension Home {
  /// A fence of some lane, as far as this one is concerned.
  struct FencePart {
    let sender: Int
    let number: UInt64
    /// Links that have not answered.
    var left: Int
  }

  /// Tells `sender` when all that Redis has pushed here before this moment is applied.
  func fence(for sender: Int, number: UInt64, now: Moment) {
    let part = fenceParts.insert(FencePart(sender: sender, number: number, left: 1))
    if !proxy.isTracking { cache.removeAll() }
    for link in links.values where link.connection.isReady {
      fenceParts.change(part) { $0.left += 1 }
      do throws(RedisError) {
        try link.connection.submitFence(LinkToken(part | Self.fenceMark), now: now)
      } catch {
        // It takes no more, so it is given up, and what it has filled with it.
        link.connection.renew(because: error.reason, now: now)
        fencePartAnswered(part, now: now)
      }
    }
    fencePartAnswered(part, now: now)
  }

  func fencePartAnswered(_ token: UInt64, now: Moment) {
    let part = token & ~Self.fenceMark
    let left = fenceParts.change(part) { part in
      part.left -= 1
      return part.left
    }
    guard left == 0, let ended = fenceParts.remove(part) else { return }
    if ended.sender == lane.index {
      lane.fenceAnswered(ended.number, now: now)
    } else {
      lane.send(.fenceAnswered(number: ended.number), to: ended.sender)
    }
  }

  func isFence(_ token: UInt64) -> Bool { token & Self.fenceMark != 0 }

  /// Tells the tokens of fences from those of flights.
  private static let fenceMark: UInt64 = 1 << 63
}
