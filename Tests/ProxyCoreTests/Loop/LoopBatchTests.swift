import Testing

@testable import ProxyCore

/// What connections owe to each other that are ready in one turn: they are received for first, and handled
/// then.
@Suite struct LoopBatchTests {
  /// A loop, and connections whose other ends are written to by hand.
  private final class Batch {
    let loop: EventLoop
    private(set) var connections: [Connection] = []
    private var peers: [Int32] = []

    init(_ handlers: [ScriptedHandler]) throws {
      loop = try EventLoop()
      for handler in handlers {
        let pair = try SocketPair.make()
        let connection = try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in
          handler
        }
        connections.append(try #require(connection))
        peers.append(pair.there)
      }
    }

    deinit {
      loop.shutDown()
      for peer in peers { _ = FileDescriptor(owning: peer) }
    }

    /// Ends what comes from a peer.
    func hangUp(_ number: Int) { _ = FileDescriptor(owning: peers.remove(at: number)) }

    func send(_ bytes: [UInt8], to number: Int) throws {
      let descriptor = FileDescriptor(owning: peers[number])
      let sent = try descriptor.send(ByteBuffer.holding(bytes[...]))
      _ = descriptor.relinquish()
      #expect(sent == bytes.count)
    }
  }

  @Test func `each gets what is its own, however many there are`() throws {
    let count = 3 * Limits.arrivalsMax + 1
    var seen = [[UInt8]](repeating: [], count: count)
    let handlers = (0..<count).map { number in
      ScriptedHandler { bytes, _ in
        seen[number] += bytes.array
        // Some leave a part for later.
        return .taken(bytes.byteCount - number % 3)
      }
    }
    let batch = try Batch(handlers)
    for number in 0..<count {
      try batch.send([UInt8](repeating: UInt8(number % 251), count: 10 + number * 7), to: number)
    }
    batch.loop.turn()
    for number in 0..<count {
      let own = [UInt8](repeating: UInt8(number % 251), count: 10 + number * 7)
      #expect(seen[number] == own)
      #expect(batch.connections[number].input.count == number % 3)
    }
  }

  @Test func `all are announced before the first is handled, what was left included`() throws {
    var story = ""
    let handlers = (0..<3).map { number in
      let handler = ScriptedHandler { bytes, _ in
        story += "\(number):\(bytes.byteCount) "
        return .taken(bytes.byteCount - number)
      }
      handler.onArrived = { [unowned handler] in
        story += "\(number)?\(handler.announced?.count ?? 0) "
      }
      return handler
    }
    let batch = try Batch(handlers)
    for number in 0..<3 { try batch.send([1, 2, 3, 4], to: number) }
    batch.loop.turn()
    #expect(story == "0?4 1?4 2?4 0:4 1:4 2:4 ")
    story = ""
    for number in 0..<3 { try batch.send([5], to: number) }
    batch.loop.turn()
    #expect(story == "0?1 1?2 2?3 0:1 1:2 2:3 ")
  }

  @Test func `what comes for all together may be more than the memory for it`() throws {
    let size = Limits.scratchBytes - 1
    var seen = [0, 0, 0, 0, 0]
    let handlers = (0..<5).map { number in
      ScriptedHandler { bytes, _ in
        #expect(bytes.array.allSatisfy { $0 == UInt8(number) })
        seen[number] += bytes.byteCount
        return .taken(bytes.byteCount)
      }
    }
    let batch = try Batch(handlers)
    for number in 0..<5 {
      try batch.send([UInt8](repeating: UInt8(number), count: size), to: number)
    }
    while seen.contains(where: { $0 < size }) { batch.loop.turn() }
    #expect(seen.allSatisfy { $0 == size })
  }

  /// Two who were sent something, after a turn in which the first did something to the second.
  private func pair(
    _ act: @escaping (Connection) -> Void
  ) throws -> (Batch, second: ScriptedHandler) {
    let (first, second) = (ScriptedHandler(), ScriptedHandler())
    let batch = try Batch([first, second])
    first.onReceived = { [unowned batch] bytes, _ in
      act(batch.connections[1])
      return .taken(bytes.byteCount)
    }
    try batch.send([1], to: 0)
    try batch.send([2, 2], to: 1)
    batch.loop.turn()
    #expect(first.batches == [1])
    return (batch, second)
  }

  @Test func `who is paused by another in the same turn is offered his bytes later`() throws {
    let (batch, second) = try pair { $0.pauseReading() }
    #expect(second.batches == [] && second.announced == [2, 2])
    #expect(batch.connections[1].input.count == 2)
    batch.connections[1].resumeReading()
    batch.loop.turn(mayWait: false)
    #expect(second.batches == [2])
    #expect(batch.connections[1].input.allocated == 0)
  }

  @Test func `who is closed by another in the same turn is offered nothing`() throws {
    let (_, second) = try pair { $0.close() }
    #expect(second.batches == [] && second.closeReason == .requested)
  }

  @Test func `an end is told after what came before it`() throws {
    var told: [String] = []
    let (first, second) = (ScriptedHandler(), ScriptedHandler())
    first.onReceived = { bytes, _ in
      told.append("bytes")
      return .taken(bytes.byteCount)
    }
    second.onFinished = {
      told.append("end")
      $0.close()
    }
    let batch = try Batch([first, second])
    try batch.send([1], to: 0)
    batch.hangUp(1)
    batch.loop.turn()
    #expect(told == ["bytes", "end"])
  }

  /// Refuses a newcomer, who has something to be sent, while the loop writes.
  private final class Refuser: ConnectionHandler {
    weak var refused: Connection?
    var peers: [Int32] = []

    func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
      connection.collectOutput()
      return .taken(bytes.byteCount)
    }

    func collected(_ connection: Connection, now: Moment) {
      guard let pair = try? SocketPair.make() else { return }
      peers.append(pair.there)
      _ = try? connection.loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { newcomer in
        refused = newcomer
        newcomer.output.bytes.append("no")
        return nil
      }
    }

    deinit { for peer in peers { _ = FileDescriptor(owning: peer) } }
  }

  @Test func `who is refused while the loop writes stays until the next time it does`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let pair = try SocketPair.make()
    let handler = Refuser()
    try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in handler }
    let descriptor = FileDescriptor(owning: pair.there)
    _ = try descriptor.send(ByteBuffer.holding([1][...]))
    loop.turn()
    #expect(handler.refused != nil)
    loop.turn(mayWait: false)
    #expect(handler.peers.count == 1 && handler.refused == nil)
  }

  @Test func `a connection stays for as long as a queue names it`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    weak var refused: Connection?
    let pair = try SocketPair.make()
    defer { _ = FileDescriptor(owning: pair.there) }
    try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { connection in
      refused = connection
      connection.output.bytes.append("no")
      return nil
    }
    #expect(refused != nil)
    loop.turn(mayWait: false)
    #expect(refused == nil)
  }
}
