internal import Synchronization

extension Worker {
  func requestFence(for call: UInt64) {
    if fences.waiting.isEmpty { send(.beginFence, to: index) }
    fences.waiting.append(call)
  }

  func beginFence(now: Moment) {
    if fences.waiting.isEmpty { return }
    counters.fences.wrappingAdd(1, ordering: .relaxed)
    let waiting = fences.waiting
    fences.waiting = []
    fences.underWay += 1
    let looksForSwaps = proxy.looksForSwaps
    let sent = looksForSwaps ? waiting.compactMap { calls.change($0) { $0.sent } }.min() : nil
    gather(from: proxy.workerCount + (looksForSwaps ? 1 : 0)) { [proxy, index] number, reply in
      let isPassed: @Sendable () -> Void = { reply(()) }
      switch number {
      case proxy.workerCount: lookForSwaps(before: isPassed, sent: sent ?? now, now: now)
      case index: home.fence(before: isPassed, now: now)
      default: return proxy.seats[number].mailbox.send(.fence(isPassed))
      }
      return true
    } end: { [unowned self] (parts: [Void?]) in
      // Where a loop has ended the proxy is about to, and the calls fail with it.
      if parts.contains(where: { $0 == nil }) { return }
      fences.underWay -= 1
      for call in waiting { endFence(of: call, now: self.now) }
    }
  }
}
