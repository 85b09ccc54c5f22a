import TestSupport
import Testing

@testable import ProxyCore

@Suite struct IntentsTests {
  @Test func `every key that is written is contained, and few others are`() {
    var random = SeededGenerator.forTest()
    var intents = Intents(places: 4_096)
    var model: [UInt64: Int] = [:]
    var order: [UInt64] = []
    for _ in 0..<20_000 {
      if order.count < 100, Bool.random(using: &random) || order.isEmpty {
        let hash = model.randomElement(using: &random).map(\.key)
        let next = Bool.random(using: &random) ? hash : nil
        let chosen = next ?? UInt64.random(in: 0...UInt64.max, using: &random)
        intents.begin(chosen)
        model[chosen, default: 0] += 1
        order.append(chosen)
      } else {
        let ended = order.remove(at: Int.random(in: order.indices, using: &random))
        intents.end(ended)
        model[ended] = (model[ended] ?? 1) > 1 ? (model[ended] ?? 1) - 1 : nil
      }
      let count = intents.count
      #expect(count == order.count)
    }
    for hash in model.keys {
      let isContained = intents.mayContain(hash)
      #expect(isContained)
    }
    var others = 0
    for _ in 0..<10_000 where intents.mayContain(UInt64.random(in: 0...UInt64.max, using: &random))
    {
      others += 1
    }
    #expect(others < 500)
    for hash in order { intents.end(hash) }
    let count = intents.count
    #expect(count == 0)
    for hash in order {
      let isContained = intents.mayContain(hash)
      #expect(!isContained)
    }
  }

  @Test func `keys that share their intents are held until the last one has ended`() {
    var intents = Intents(places: 16)
    intents.begin(0x1200)
    intents.begin(0x2200)
    intents.end(0x1200)
    let isHeld = intents.mayContain(0x1200)
    #expect(isHeld)
    intents.end(0x2200)
    let isStillHeld = intents.mayContain(0x1200)
    #expect(!isStillHeld)
  }
}
