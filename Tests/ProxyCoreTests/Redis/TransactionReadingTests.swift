import Testing

@testable import ProxyCore

struct TransactionReadingTests {
  /// What comes, and whether the reply has ended with it; `c` is a confirmation, `e` an element.
  private func ends(
    of pieces: String, _ confirmations: [(element: Int, count: UInt32)], count: Int
  ) -> String {
    var reading = TransactionReading(confirmations)
    reading.begin(count: count)
    var text = ""
    for piece in pieces {
      text += reading.expectsConfirmation ? "?" : "."
      let isOver = piece == "c" ? reading.endConfirmation() : reading.endElement()
      if isOver { text += "!" }
    }
    return text
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

  @Test func `the bounds of what all clients cost together hold`() {
    #expect(Limits.sharingRelationsHold)
  }
}
