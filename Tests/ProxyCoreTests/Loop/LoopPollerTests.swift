import Testing

@testable import ProxyCore

@Suite struct LoopPollerTests {
  @Test func `an event for who had the slot before reaches nobody`() throws {
    let old = ScriptedHandler()
    let new = ScriptedHandler()
    var handlers = [old, new]
    let fixture = try LoopFixture { _ in handlers.removeFirst() }
    let loop = fixture.loop
    let first = try fixture.connect()
    let former = fixture.connections[0]
    // A second number for the same socket keeps its registration alive when the first is closed.
    let survivor = try former.descriptor.duplicate()
    former.close()
    fixture.turn { old.closeReason != nil }

    let second = try fixture.connect()
    let present = fixture.connections[1]
    #expect(present.token.slot == former.token.slot)
    loop.turn(mayWait: false)  // that the second can be written to was an event as well
    try first.send("for the former")
    let count = try loop.poller.wait(timeoutMilliseconds: -1)
    #expect(count == 1 && loop.poller.event(at: 0).token == former.token)
    // What was told above is not told again, what comes now is.
    try first.send("more")
    loop.turn()
    #expect(old.batches == [] && new.batches == [])
    try second.send("for me")
    fixture.turn { new.batches == [6] }
    #expect(old.batches == [])
    _ = survivor
  }

  @Test func `tokens survive their way through the kernel`() {
    let token = PollToken(slot: 0xFFFF_FFFE, registration: 0x8000_0001)
    #expect(PollToken(bits: token.bits) == token)
  }

  @Test func `slots are used again under new registrations`() {
    var table = SlotTable()
    let first = table.insert(.waker)
    let second = table.insert(.waker)
    table.remove(first)
    #expect(table.occupant(of: first) == nil)
    let third = table.insert(.waker)
    #expect(third.slot == first.slot && third != first)
    #expect(table.occupant(of: first) == nil && table.occupant(of: second) != nil)
    #expect(table.occupant(of: PollToken(slot: 99, registration: 0)) == nil)
  }
}
