import Testing

@testable import ProxyCore

@Suite struct LoopFairnessTests {
  @Test func `a connection that always has data does not starve others`() throws {
    let flood = ScriptedHandler { bytes, _ in .taken(bytes.byteCount) }
    let quiet = ScriptedHandler()
    var handlers = [flood, quiet]
    let fixture = try LoopFixture { _ in handlers.removeFirst() }
    let loud = try fixture.connect()
    let peer = try fixture.connect()
    let chunk = ByteBuffer.holding([UInt8](repeating: 1, count: 200_000)[...])
    // So much waits that the loud one stays readable whatever a turn takes.
    try loud.sendWithoutWaiting(chunk)
    for _ in 0..<100 {
      let seen = quiet.batches.count
      try loud.sendWithoutWaiting(chunk)
      try peer.send("x")
      while quiet.batches.count == seen {
        let before = flood.batches.count
        fixture.loop.turn()
        #expect(flood.batches.count <= before + 1)
      }
      #expect(try peer.receiveText(1) == "x")
    }
    #expect(flood.batches.allSatisfy { $0 <= Limits.scratchBytes })
  }

  @Test func `more ready connections than a turn looks at are all served`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let number = Limits.eventsPerTurnMax + 100
    var handlers: [ScriptedHandler] = []
    var peers: [Int32] = []
    defer { for peer in peers { _ = FileDescriptor(owning: peer) } }
    for _ in 0..<number {
      let pair = try SocketPair.make()
      let handler = ScriptedHandler { bytes, _ in .taken(bytes.byteCount) }
      try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in handler }
      handlers.append(handler)
      peers.append(pair.there)
    }
    let byte = ByteBuffer.holding([1][...])
    for peer in peers {
      let descriptor = FileDescriptor(owning: peer)
      _ = try descriptor.send(byte)
      _ = descriptor.relinquish()
    }
    loop.turn()
    loop.turn()
    #expect(handlers.allSatisfy { $0.batches == [1] })
  }
}
