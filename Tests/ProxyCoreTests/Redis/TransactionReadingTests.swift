import Testing

@testable import ProxyCore

struct TransactionReadingTests {
  /// What comes, and whether the reply has ended with it; `c` is a confirmation, `e` an element, `x` an error.
  private func ends(
    of pieces: String, _ confirmations: [(element: Int, count: UInt32)], count: Int,
    selections: [Int] = []
  ) -> String {
    var reading = TransactionReading(confirmations, selections: selections)
    reading.begin(count: count)
    var text = ""
    for piece in pieces {
      text += reading.expectsConfirmation ? "?" : "."
      let isOver =
        piece == "c" ? reading.endConfirmation() : reading.endElement(isError: piece == "x")
      if isOver { text += "!" }
    }
    return text + (reading.lastSelection.map { " \($0)" } ?? "")
  }

  @Test func `an element may be several confirmations, or an error in their place`() {
    let confirmations: [(element: Int, count: UInt32)] = [(0, 2), (2, 3)]
    #expect(ends(of: "ccee", confirmations, count: 3) == "??.?!")
    #expect(ends(of: "cceccce", confirmations, count: 4) == "??.???.!")
    #expect(ends(of: "eeee", confirmations, count: 4) == "?.?.!")
  }

  @Test func `a reply with fewer elements than were queued ends with its last one`() {
    #expect(ends(of: "e", [(1, 1)], count: 1) == ".!")
  }

  @Test func `the last SELECT that was obeyed is known, among errors and confirmations`() {
    #expect(ends(of: "ee", [], count: 2, selections: [0, 1]) == "..! 1")
    #expect(ends(of: "ex", [], count: 2, selections: [0, 1]) == "..! 0")
    #expect(ends(of: "xe", [], count: 2, selections: [0, 1]) == "..! 1")
    #expect(ends(of: "xx", [], count: 2, selections: [0, 1]) == "..!")
    #expect(ends(of: "exxe", [], count: 4, selections: [1, 2]) == "....!")
    #expect(ends(of: "xexx", [], count: 4, selections: [1, 3]) == "....! 0")
    #expect(ends(of: "ecccx", [(1, 3)], count: 3, selections: [0, 2]) == ".???.! 0")
    #expect(ends(of: "xxe", [(0, 2)], count: 3, selections: [1, 2]) == "?..! 1")
    #expect(ends(of: "e", [], count: 1, selections: [0, 1]) == ".! 0")
  }

  @Test func `the bounds of what all clients cost together hold`() {
    #expect(Limits.sharingRelationsHold)
  }
}
