import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LinkBudgetTests {
  @Test(.enabled(if: AllocationCount.works))
  func `fills and fences allocate nothing once the link has settled`() throws {
    let script = LinkScript(.fill)
    script.connect()
    script.receive(Greetings.fill)
    _ = script.sent()
    let key = bytes("some:key")
    let reply = bytes(
      "$5\r\nvalue\r\n:1000\r\n+PONG\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")
    var output = ByteBuffer()
    var events = 0
    func turn() throws {
      for _ in 0..<8 {
        unsafe try script.link.submitFill(LinkToken(1), key: key.span.bytes)
        try script.link.submitFence(LinkToken(2))
      }
      script.link.takeOutgoing(into: &output)
      output.removeAll()
      for _ in 0..<8 {
        var position = 0
        while position < reply.count {
          let event = unsafe script.link.read(reply.span.bytes, at: &position, now: script.now)
          if case .needsMore = event { break }
          events += 1
        }
      }
    }
    for _ in 0..<10 { try turn() }
    let (_, count) = try AllocationCount.during { for _ in 0..<100 { try turn() } }
    #expect(count == 0)
    #expect(events == 110 * 8 * 3)
  }

  @Test(.enabled(if: AllocationCount.works))
  func `relayed replies allocate nothing, whatever their size and pieces`() throws {
    let script = LinkScript(.shared(.two))
    script.connect()
    while !script.isReady { script.receive("+OK\r\n") }
    let request = bytes("*1\r\n$4\r\nPING\r\n")
    #if DEBUG
      // Without optimization the scanner's stack of aggregates allocates.
      let head = bytes("$1048576\r\n")
    #else
      let head = bytes("*2\r\n*1\r\n:1\r\n$1048576\r\n")
    #endif
    let body = [UInt8](repeating: 0x61, count: 1 << 18)
    let end = bytes("\r\n")
    var output = ByteBuffer()
    var pieces = 0
    func show(_ bytes: [UInt8]) {
      var position = 0
      while position < bytes.count {
        let event = unsafe script.link.read(bytes.span.bytes, at: &position, now: script.now)
        if case .piece = event { pieces += 1 }
      }
    }
    func turn() throws {
      unsafe try script.link.submit(LinkToken(1), .relay, request.span.bytes)
      script.link.takeOutgoing(into: &output)
      output.removeAll()
      show(head)
      for _ in 0..<4 { show(body) }
      show(end)
    }
    for _ in 0..<10 { try turn() }
    let (_, count) = try AllocationCount.during { for _ in 0..<100 { try turn() } }
    #expect(count == 0)
    #expect(pieces == 110 * 6)
    #expect(script.link.requestCount == 0)
  }

  @Test func `the bounds of links agree with each other`() {
    #expect(Limits.linkRelationsHold)
  }
}
