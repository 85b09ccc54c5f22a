import Glibc
import Synchronization
import Testing

@testable import ProxyCore

@Suite struct LoopConnectionTests {
  @Test(arguments: ["127.0.0.1", "::1"])
  func `what arrives is answered in one batch`(host: String) throws {
    let handler = ScriptedHandler()
    let address = try #require(SocketAddress(numeric: host, port: 0))
    let fixture = try LoopFixture(on: address) { _ in handler }
    let peer = try fixture.connect()
    try peer.send("hello")
    fixture.turn { handler.batches.count == 1 }
    #expect(try peer.receiveText(5) == "hello")
    #expect(fixture.connections[0].peer == (try peer.descriptor.localAddress()))
    #expect(
      !fixture.connections[0].pending.hasMemory && fixture.connections[0].input.allocated == 0)
  }

  @Test func `a request that comes in pieces is offered with what was left`() throws {
    let handler = ScriptedHandler { bytes, connection in
      guard bytes.byteCount >= 6 else { return .taken(0, needing: 0) }
      return ScriptedHandler.echo(bytes, connection)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("abc")
    fixture.turn { handler.batches == [3] }
    #expect(fixture.connections[0].input.count == 3)
    try peer.send("def")
    fixture.turn { handler.batches == [3, 6] }
    #expect(try peer.receiveText(6) == "abcdef")
    #expect(fixture.connections[0].input.allocated == 0)
  }

  @Test func `a large request is offered once, when it is whole`() throws {
    let size = 3_000_000
    let handler = ScriptedHandler { bytes, connection in
      if bytes.byteCount < size { return .taken(0, needing: size) }
      connection.output.bytes.append("done")
      return .taken(size)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    let sender = try Background { try peer.send([UInt8](repeating: 7, count: size)) }
    fixture.turn { handler.batches.last == size }
    #expect(handler.batches.count == 2)
    #expect(try peer.receiveText(4) == "done")
    sender.join()
    #expect(fixture.connections[0].input.allocated == 0)
  }

  @Test func `an incomplete request past the limit closes the connection`() throws {
    let handler = ScriptedHandler { _, _ in .taken(0) }
    let fixture = try LoopFixture { connection in
      connection.inputBytesMax = 10
      return handler
    }
    let peer = try fixture.connect()
    try peer.send("12345678901")
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason == .inputLimit)
    #expect(fixture.loop.counters.inputLimitCloses.load(ordering: .relaxed) == 1)
    #expect(fixture.loop.counters.connections.load(ordering: .relaxed) == 0)
  }

  @Test func `requests before a FIN are answered, then the connection is closed`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("last words")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.closeReason != nil }
    #expect(try peer.receiveText(100) == "last words")
    #expect(handler.finishedCount == 1 && handler.closeReason == .requested)
  }

  @Test func `answers that come after a FIN are still sent`() throws {
    let handler = ScriptedHandler { bytes, _ in .taken(bytes.byteCount) }
    handler.onFinished = { _ in }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("question")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.finishedCount == 1 }
    fixture.connections[0].output.bytes.append("answer")
    fixture.connections[0].closeAfterFlushing()
    fixture.turn { handler.closeReason != nil }
    #expect(try peer.receiveText(100) == "answer")
  }

  @Test func `a paused handler gets what it left when it resumes`() throws {
    var first = true
    let handler = ScriptedHandler { bytes, connection in
      if first {
        first = false
        connection.pauseReading()
        return .taken(1)
      }
      return ScriptedHandler.echo(bytes, connection)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("abc")
    fixture.turn { handler.batches == [3] }
    try peer.send("def")
    let connection = fixture.connections[0]
    fixture.turn { connection.mayHoldMore }
    #expect(handler.batches == [3])
    connection.resumeReading()
    try fixture.turn { try peer.available() == 5 }
    #expect(try peer.receiveText(5) == "bcdef")
  }

  @Test func `a peer that goes while reading is paused is noticed once`() throws {
    let handler = ScriptedHandler(ScriptedHandler.pause)
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("block me")
    fixture.turn { handler.batches.count == 1 }
    try peer.send("unread")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.hungUpCount == 1 }
    fixture.loop.turn(mayWait: false)
    #expect(handler.hungUpCount == 1 && handler.finishedCount == 0)
    fixture.connections[0].resumeReading()
    fixture.turn { handler.batches.count == 2 }
    fixture.connections[0].resumeReading()
    fixture.turn { handler.finishedCount == 1 }
    fixture.turn { handler.closeReason != nil }
  }

  @Test func `a peer that goes with its request is noticed while that is worked on`() throws {
    let handler = ScriptedHandler(ScriptedHandler.pause)
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    // Both are there when the loop first looks, and are reported together.
    try peer.send("block me")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.hungUpCount == 1 }
    #expect(handler.batches == [8] && handler.finishedCount == 0)
    fixture.connections[0].resumeReading()
    fixture.turn { handler.closeReason != nil }
    #expect(handler.hungUpCount == 1 && handler.finishedCount == 1)
  }

  @Test func `a peer that resets while its request is worked on is noticed`() throws {
    let handler = ScriptedHandler(ScriptedHandler.pause)
    let fixture = try LoopFixture { _ in handler }
    do {
      let peer = try fixture.connect()
      try peer.send("block me")
      fixture.turn { handler.batches.count == 1 }
      try peer.reset()
    }
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason == .failed(SystemError("recv", code: ECONNRESET)))
  }

  @Test func `a reset behind the end is noticed, whatever came first`() throws {
    let handler = ScriptedHandler()
    handler.onFinished = { $0.pauseReading() }
    let fixture = try LoopFixture { _ in handler }
    do {
      let peer = try fixture.connect()
      try peer.send("question")
      // Gone before the answer, which is therefore answered with a reset.
      try peer.descriptor.shutdown(.writing)
    }
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason == .failed(SystemError("recv", code: EPIPE)))
    #expect(handler.batches == [8] && handler.finishedCount == 1)
  }

  @Test func `a reset behind a request is noticed while that is worked on`() throws {
    let handler = ScriptedHandler(ScriptedHandler.pause)
    let fixture = try LoopFixture { _ in handler }
    do {
      let peer = try fixture.connect()
      try peer.send("block me")
      try peer.reset()
    }
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason != .requested)
  }

  @Test func `what comes after a yield is read behind what was left`() throws {
    var seen: [UInt8] = []
    let handler = ScriptedHandler { bytes, _ in
      seen.append(bytes.array[0])
      return .yielded(1)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("1234")
    fixture.turn { seen.count == 1 }
    try peer.send("5678")
    fixture.turn { seen.count == 6 }
    try peer.send("9")
    fixture.turn { seen.count == 9 }
    #expect(String(decoding: seen, as: UTF8.self) == "123456789")
  }

  @Test func `all that has come is read, however often one must ask`() throws {
    for count in [1, Limits.scratchBytes, Limits.scratchBytes + 1, 3 * Limits.scratchBytes] {
      var seen = 0
      let handler = ScriptedHandler { bytes, _ in
        seen += bytes.byteCount
        return .taken(bytes.byteCount)
      }
      let fixture = try LoopFixture { _ in handler }
      let peer = try fixture.connect()
      let text = [UInt8](repeating: 120, count: count)
      try peer.sendWithoutWaiting(.holding(text[...]))
      fixture.turn { seen == count }
      // More is an event again, also where the last read was full.
      fixture.loop.turn(mayWait: false)
      try peer.send("!")
      fixture.turn { seen == count + 1 }
    }
  }

  @Test func `what comes behind urgent data is read`() throws {
    let handler = ScriptedHandler { bytes, _ in .taken(bytes.byteCount) }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("before")
    try peer.sendUrgent(33)
    try peer.send("behind")
    // The kernel ends a read at the urgent byte, which itself is not among the others.
    fixture.turn { handler.batches.reduce(0, +) == 12 }
    #expect(handler.batches == [6, 6])
  }

  @Test func `a handler that yields goes on in the next turn, after its answers left`() throws {
    let handler = ScriptedHandler { bytes, connection in
      connection.output.bytes.append("x")
      return .yielded(1)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("1234")
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.batches.count == 1 }
    #expect(try peer.receiveText(1) == "x")
    fixture.turn { handler.closeReason != nil }
    #expect(handler.batches == [4, 3, 2, 1])
    #expect(try peer.receiveText(100) == "xxx")
  }

  @Test func `a reset ends the connection and says why`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    do {
      let peer = try fixture.connect()
      try peer.reset()
    }
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason == .failed(SystemError("recv", code: ECONNRESET)))
  }

  @Test func `a last answer survives requests that nobody will read`() throws {
    let handler = ScriptedHandler { bytes, connection in
      connection.output.bytes.append("-ERR\r\n")
      connection.closeAfterFlushing()
      return .taken(bytes.byteCount)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("bad")
    fixture.turn { handler.batches.count == 1 }
    try peer.send("more that is never read")
    #expect(try peer.receiveText(100) == "-ERR\r\n")
    #expect(handler.closeReason == nil)
    try peer.descriptor.shutdown(.writing)
    fixture.turn { handler.closeReason != nil }
    #expect(handler.batches.count == 1)
  }

  @Test func `who does not finish after the last answer is not waited for long`() throws {
    let handler = ScriptedHandler { bytes, connection in
      connection.closeAfterFlushing()
      return .taken(bytes.byteCount)
    }
    let fixture = try LoopFixture { _ in handler }
    let peer = try fixture.connect()
    try peer.send("bye")
    fixture.turn { handler.closeReason != nil }
    #expect(handler.closeReason == .requested)
  }

  @Test func `a connection that has ended takes output and forgets it`() throws {
    let handler = ScriptedHandler()
    let fixture = try LoopFixture { _ in handler }
    _ = try fixture.connect()
    let connection = fixture.connections[0]
    connection.close()
    connection.close()
    connection.output.bytes.append("too late")
    fixture.turn { handler.closeReason != nil }
    connection.output.bytes.append("later still")
    connection.closeAfterFlushing()
    fixture.loop.turn(mayWait: false)
    #expect(connection.outputCount == 0)
  }
}
