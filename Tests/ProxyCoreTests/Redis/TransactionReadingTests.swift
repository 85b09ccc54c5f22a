import Testing

@testable import ProxyCore

struct TransactionReadingTests {
  @Test func `the bounds of what all clients cost together hold`() {
    #expect(Limits.sharingRelationsHold)
  }

  @Test func `an element may be several confirmations, or an error in their place`() {
    var reading = TransactionReading([(element: 0, count: 2), (element: 2, count: 3)])
    #expect(reading.count == nil && !reading.expectsConfirmation)
    reading.begin(count: 4)
    #expect(reading.expectsConfirmation)
    #expect(!reading.endConfirmation())
    #expect(reading.expectsConfirmation)
    #expect(!reading.endConfirmation())
    #expect(!reading.expectsConfirmation)
    #expect(!reading.endElement())
    #expect(reading.expectsConfirmation)
    // Refused: nothing was confirmed.
    #expect(!reading.endElement())
    #expect(!reading.expectsConfirmation)
    #expect(reading.endElement())
  }

  @Test func `a reply with fewer elements than were queued ends with its last one`() {
    var reading = TransactionReading([(element: 1, count: 1)])
    reading.begin(count: 1)
    #expect(!reading.expectsConfirmation)
    #expect(reading.endElement())
  }
}
