import TestSupport
import Testing

@testable import ProxyCore

@Suite struct DeadlineHeapTests {
  @Test func `the heap keeps its order through a hundred thousand random operations`() throws {
    var random = SeededGenerator.forTest()
    var heap = DeadlineHeap()
    var slotsFree = (0..<UInt32(500)).map { slot in
      heap.addSlot()
      return slot
    }
    // In the order of arrival.
    var present: [(slot: UInt32, deadline: Moment)] = []
    for operation in 0..<100_000 {
      // Mostly in, then mostly out, so that it is now nearly full and now nearly empty.
      let fills = operation / 1_500 % 2 == 0
      let inserts = Int.random(in: 0..<10, using: &random) < (fills ? 7 : 3)
      if inserts, let slot = slotsFree.popLast() {
        // Few enough that many are equal.
        let deadline = Moment(nanoseconds: Int64.random(in: 0..<200, using: &random))
        heap.insert(slot, deadline: deadline)
        present.append((slot, deadline))
      } else if let index = present.indices.randomElement(using: &random) {
        let slot = present.remove(at: index).slot
        heap.remove(slot)
        // Now it has none, and that is no mistake.
        heap.remove(slot)
        slotsFree.append(slot)
      }
      if operation % 100 == 0 {
        let slots = try #require(heap.slotsChecked())
        #expect(Set(slots) == Set(present.map(\.slot)))
        #expect(heap.first?.deadline == present.map(\.deadline).min())
      }
    }
    let arrival = Dictionary(uniqueKeysWithValues: zip(present.map(\.slot), 0...))
    let expected = present.sorted {
      ($0.deadline, arrival[$0.slot] ?? 0) < ($1.deadline, arrival[$1.slot] ?? 0)
    }
    var drained: [UInt32] = []
    while let slot = heap.first?.slot {
      drained.append(slot)
      heap.remove(slot)
    }
    #expect(drained == expected.map(\.slot))
    #expect(heap.slotsChecked() == [])
  }
}
