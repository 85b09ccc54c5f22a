internal import Synchronization

extension Worker {
  func requestFence(for call: UInt64) {
    if fences.waiting.isEmpty { send(.beginFence, to: index) }
    fences.waiting.append(call)
  }

  func beginFence(now: Moment) {
    if fences.waiting.isEmpty { return }
    counters.fences.wrappingAdd(1, ordering: .relaxed)
    fences.lastNumber &+= 1
    let number = fences.lastNumber
    let looksForSwaps = proxy.looksForSwaps
    fences.underWay[number] = (fences.waiting, proxy.workerCount + (looksForSwaps ? 1 : 0))
    fences.waiting = []
    if looksForSwaps {
      let sent = fences.underWay[number]?.calls.compactMap { calls.change($0) { $0.sent } }
      lookForSwaps(before: number, sent: sent?.min() ?? now, now: now)
    }
    for worker in 0..<proxy.workerCount where worker != index {
      send(.fence(from: index, number: number), to: worker)
    }
    home.fence(for: index, number: number, now: now)
  }

  func fenceAnswered(_ number: UInt64, now: Moment) {
    fences.underWay[number]?.left -= 1
    guard fences.underWay[number]?.left == 0,
      let (calls, _) = fences.underWay.removeValue(forKey: number)
    else { return }
    for call in calls { endFence(of: call, now: now) }
  }
}
