internal import Synchronization

/// After a write whose keys are not all known: its reply is withheld until everything that Redis has
/// pushed because of it was applied on every lane. Those who ask in one turn share one fence.
struct FenceDesk {
  /// Errands whose fence has not begun.
  var waiting: [UInt64] = []
  /// Those of each fence that is under way, and how many lanes have not answered it.
  var underWay: [UInt64: (errands: [UInt64], left: Int)] = [:]
  var lastNumber: UInt64 = 0

  var count: Int { waiting.count + underWay.count }
}

extension Lane {
  func requestFence(for errand: UInt64) {
    if fences.waiting.isEmpty { send(.beginFence, to: index) }
    fences.waiting.append(errand)
  }

  func beginFence(now: Moment) {
    if fences.waiting.isEmpty { return }
    counters.fences.wrappingAdd(1, ordering: .relaxed)
    fences.lastNumber &+= 1
    let number = fences.lastNumber
    let looksForSwaps = proxy.looksForSwaps
    fences.underWay[number] = (fences.waiting, proxy.laneCount + (looksForSwaps ? 1 : 0))
    fences.waiting = []
    if looksForSwaps {
      let sent = fences.underWay[number]?.errands.compactMap { errands.change($0) { $0.sent } }
      lookForSwaps(before: number, sent: sent?.min() ?? now, now: now)
    }
    for lane in 0..<proxy.laneCount where lane != index {
      send(.fence(from: index, number: number), to: lane)
    }
    home.fence(for: index, number: number, now: now)
  }

  func fenceAnswered(_ number: UInt64, now: Moment) {
    fences.underWay[number]?.left -= 1
    guard fences.underWay[number]?.left == 0,
      let (errands, _) = fences.underWay.removeValue(forKey: number)
    else { return }
    for errand in errands { endFence(of: errand, now: now) }
  }
}
