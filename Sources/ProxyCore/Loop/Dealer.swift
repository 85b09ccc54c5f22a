/// Deals connections to the intake that has the fewest, in turns among equals.
final class Dealer {
  private let intakes: [Intake]
  private var next = 0

  init(_ intakes: [Intake]) { self.intakes = intakes }

  /// Whether anybody took it; otherwise it is closed. O(n), with n the number of loops.
  func deal(_ descriptor: consuming FileDescriptor, _ peer: SocketAddress?) -> Bool {
    var left = descriptor
    for _ in intakes {
      guard let chosen = choose() else { return false }
      guard let refused = chosen.offer(left, peer) else { return true }
      left = refused
    }
    return false
  }

  private func choose() -> Intake? {
    var chosen: Intake?
    var fewest = Int.max
    for offset in intakes.indices {
      let index = (next + offset) % intakes.count
      let count = intakes[index].connectionCount
      if count < fewest {
        fewest = count
        chosen = intakes[index]
        next = index + 1
      }
    }
    return chosen
  }
}
