import TestSupport
import Testing

@testable import ProxyCore

@Suite struct InFlightTableTests {
  @Test func `it does what a list of pairs does, also where hashes crowd`() {
    var random = SeededGenerator.forTest()
    for spread: UInt64 in [1, 3, 40, 1_000] {
      var table = InFlightTable<Int>()
      var model: [(hash: UInt64, payload: Int)] = []
      for step in 0..<20_000 {
        let hash = UInt64.random(in: 0..<spread, using: &random) << 8 | step.isMultiple(of: 2).bit
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4 where model.count < 200:
          table.add(step, hash: hash)
          model.append((hash, step))
        case 4..<7:
          let wanted = model.randomElement(using: &random) ?? (hash, -1)
          let found = table.update(wanted.hash, where: { $0 == wanted.payload }) { _ in nil }
          #expect(found == model.contains { $0 == wanted })
          model.removeAll { $0 == wanted }
        case 7:
          let wanted = model.randomElement(using: &random) ?? (hash, -1)
          table.update(wanted.hash, where: { $0 == wanted.payload }) { $0 + 1_000_000 }
          if let place = model.firstIndex(where: { $0 == wanted }) {
            model[place].payload += 1_000_000
          }
        case 8:
          #expect(table.contains(hash) == model.contains { $0.hash == hash })
        default:
          table.removeAll(hash)
          model.removeAll { $0.hash == hash }
        }
        #expect(table.count == model.count)
      }
      for pair in model { #expect(table.contains(pair.hash) { $0 == pair.payload }) }
    }
  }
}

extension Bool {
  fileprivate var bit: UInt64 { self ? 1 : 0 }
}
