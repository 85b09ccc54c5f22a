import Synchronization
import Testing

@testable import ProxyCore

@Suite struct LoopOutputTests {
  private func block(_ byte: UInt8, _ count: Int) -> SharedBlock {
    let buffer = ByteBuffer.holding([UInt8](repeating: byte, count: count)[...])
    return SharedBlock(copying: buffer.bytes)
  }

  @Test func `blocks go out between the bytes around them, however the kernel cuts them`() throws {
    var expected: [UInt8] = []
    let large = block(9, 1_500_000)
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    let output = fixture.connections[0].output
    for index in 0..<200 {
      let byte = UInt8(index)
      for _ in 0..<(index % 3) {
        output.bytes.append(byte)
        expected.append(byte)
      }
      let size = index % 50 == 0 ? large.count : index % 5
      output.append(size == large.count ? large : block(byte, size))
      expected += [UInt8](repeating: size == large.count ? 9 : byte, count: size)
    }
    output.bytes.append("end")
    expected += Array("end".utf8)
    let count = expected.count
    #expect(output.count == count)

    let received = OneShot<[UInt8]>()
    let reader = try Background { received.fulfil(try peer.receive(count)) }
    fixture.turn { fixture.connections[0].outputCount == 0 }
    reader.join()
    #expect(received.wait() == expected)
    #expect(!fixture.connections[0].owesDrained)
    #expect(handler.drainedCount >= 1)
    #expect(fixture.loop.counters.outputBytesWaiting.load(ordering: .relaxed) == 0)
  }

  @Test func `a block lives until it is sent, and no longer`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    let peer = try fixture.connect()
    weak var held: SharedBlock?
    do {
      let block = block(1, 1_000)
      held = block
      fixture.connections[0].output.append(block)
    }
    #expect(held != nil)
    fixture.turn { fixture.connections[0].outputCount == 0 }
    #expect(try peer.receive(1_000).count == 1_000)
    #expect(held == nil)
  }

  @Test func `bytes appended while the kernel has no room follow in order`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    var total = 0
    while !connection.isWriteBlocked {
      for _ in 0..<100_000 { connection.output.bytes.append("abcdefghij") }
      total += 1_000_000
      fixture.loop.turn(mayWait: false)
    }
    #expect(fixture.loop.counters.outputBytesWaiting.load(ordering: .relaxed) > 0)
    connection.output.bytes.append("END")
    let count = total + 3
    let tail = OneShot<[UInt8]>()
    let reader = try Background { tail.fulfil(try peer.receive(count).suffix(13)) }
    fixture.turn { connection.outputCount == 0 }
    reader.join()
    #expect(String(decoding: tail.wait(), as: UTF8.self) == "abcdefghijEND")
    #expect(handler.drainedCount == 1)
  }

  @Test func `who does not read is closed past the limit, also while blocked`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { connection in
      connection.outputBytesMax = 20_000_000
      return handler
    }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    while connection.isOpen {
      for _ in 0..<10_000 { connection.output.bytes.append("0123456789") }
      fixture.loop.turn(mayWait: false)
    }
    #expect(handler.closeReason == .outputLimit)
    #expect(fixture.loop.counters.outputLimitCloses.load(ordering: .relaxed) == 1)
    #expect(fixture.loop.counters.outputBytesWaiting.load(ordering: .relaxed) == 0)
    _ = peer
  }

  @Test func `closing after flushing waits for a slow reader`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    connection.output.append(block(5, 20_000_000))
    connection.closeAfterFlushing()
    fixture.loop.turn(mayWait: false)
    #expect(handler.closeReason == nil)
    let received = OneShot<Int>()
    let reader = try Background { received.fulfil(try peer.receive(30_000_000).count) }
    fixture.turn { connection.state == .lingering }
    reader.join()
    #expect(received.wait() == 20_000_000)
  }

  @Test func `an end that came while the last answer was sent is not waited for again`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    connection.output.append(block(5, 20_000_000))
    connection.closeAfterFlushing()
    fixture.turn { connection.isWriteBlocked }
    try peer.send("too late")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { connection.mayHoldMore }
    let received = OneShot<Int>()
    let reader = try Background { received.fulfil(try peer.receive(30_000_000).count) }
    fixture.turn { connection.state == .lingering }
    // One turn discards what came, the next finds the end.
    for _ in 0..<2 { fixture.loop.turn(mayWait: false) }
    #expect(handler.closeReason == .requested)
    reader.join()
    #expect(received.wait() == 20_000_000)
  }

  @Test func `room for many blocks is given back`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    for _ in 0..<500 { connection.output.append(block(5, 10)) }
    #expect(connection.pending.piecesKept >= 500)
    fixture.turn { !connection.pending.hasMemory && connection.outputCount == 0 }
    #expect(try peer.receive(5_000).count == 5_000)
    #expect(connection.pending.piecesKept == 0)
    // A pipeline's worth is kept for the next one, which then allocates nothing.
    for _ in 0..<16 { connection.output.append(block(5, 10)) }
    fixture.turn { !connection.pending.hasMemory && connection.outputCount == 0 }
    #expect(try peer.receive(160).count == 160)
    #expect(connection.pending.piecesKept >= 16)
  }

  @Test func `a large output buffer is freed, a small one is used again`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    connection.output.bytes.append("small")
    fixture.turn { !connection.pending.hasMemory }
    // It has the pool's.
    #expect(connection.output.hasMemory)
    for _ in 0..<Limits.outputPooledBytesMax { connection.output.bytes.append(0) }
    connection.output.bytes.append("beyond")
    fixture.turn { !connection.pending.hasMemory }
    #expect(!connection.output.hasMemory)
    _ = peer
  }
}
