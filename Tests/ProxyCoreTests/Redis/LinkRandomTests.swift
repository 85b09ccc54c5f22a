import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LinkRandomTests {
  @Test(arguments: [LinkRole.fill, .shared(.three)])
  func `every request ends once, in order, behind the pushes before its reply`(
    _ role: LinkRole
  ) throws {
    var generator = SeededGenerator.forTest()
    for _ in 0..<roundsCount {
      let script = LinkScript(role, valueMax: 32)
      var model = LinkModel(isFill: role == .fill)
      script.connect()
      greet(script, role)
      for _ in 0..<Int.random(in: 1...200, using: &generator) {
        try step(script, &model, role, &generator)
      }
      try lose(script, &model)
    }
  }

  private func step(
    _ script: LinkScript, _ model: inout LinkModel, _ role: LinkRole,
    _ generator: inout SeededGenerator
  ) throws {
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<30: try submit(model.submit(&generator), to: script)
    case 30..<40:
      _ = script.sent()
      model.noteSent()
    case 40..<60: model.speak(&generator)
    case 60..<99:
      let (bytes, lines) = model.deliver(&generator)
      script.receive(bytes)
      #expect(script.takeLog() == lines)
    default:
      try lose(script, &model)
      script.now = script.deadline
      #expect(script.link.timeReached(now: script.now) == .connect)
      #expect(script.link.connected(now: script.now) == .proceed)
      greet(script, role)
    }
    #expect(script.link.requestCount == model.requests.count)
  }

  private func submit(_ request: LinkModel.Request, to script: LinkScript) throws(RedisError) {
    let name = bytes(request.delivery == .fill ? "k" : "*1\r\n$1\r\nX\r\n")
    if request.delivery == .fill {
      unsafe try script.link.submitFill(LinkToken(request.token), key: name.span.bytes)
    } else {
      unsafe try script.link.submit(
        LinkToken(request.token), request.delivery, name.span.bytes)
    }
  }

  private func lose(_ script: LinkScript, _ model: inout LinkModel) throws {
    let reason = RedisError.Reason.connectionLost(outcomeUnknown: false)
    // A greeting as long ago as this counts as a success.
    script.now = script.now.advanced(by: Limits.linkStableMin)
    script.note(script.link.disconnected(because: reason, now: script.now), "end")
    #expect(script.takeLog() == ["end: abandon", "\(reason)"] + model.lose())
    #expect(script.link.requestCount == 0)
  }

  private func greet(_ script: LinkScript, _ role: LinkRole) {
    script.receive(
      role == .fill ? Greetings.fill : Greetings.hello + "+OK\r\n" + Greetings.server() + "+OK\r\n")
    #expect(script.isReady)
    _ = script.sent()
    _ = script.takeLog()
  }

  @Test func `no bytes from a peer trap, and every request still ends once`() throws {
    var generator = SeededGenerator.forTest()
    let roles: [LinkRole] = [
      .fill, .shared(.two), .shared(.three), .pinned(.two), .pinned(.three), .control,
    ]
    let seeds = [
      ">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", ">2\r\n$10\r\ninvalidate\r\n_\r\n",
      "$3\r\nabc\r\n:10\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n", "-ERR x\r\n", "+OK\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n", "%1\r\n+a\r\n*2\r\n:1\r\n_\r\n",
      "$-1\r\n:-2\r\n",
      "|1\r\n+a\r\n+b\r\n:1\r\n", "$40\r\n\(String(repeating: "x", count: 40))\r\n",
    ].map(bytes)
    let alphabet = bytes("0123456789-+?*$%~>|=!(,#_:\r\n\0 x")
    for round in 0..<mutationsCount {
      let role = roles[round % roles.count]
      let script = LinkScript(role, valueMax: 32)
      script.connect()
      var input = bytes(
        role == .fill ? Greetings.fill : role.version == .three ? Greetings.hello : "+OK\r\n")
      for _ in 0..<5 { input += bytes("+OK\r\n") }
      for _ in 0..<5 { input += seeds.randomElement(using: &generator) ?? [] }
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let at = Int.random(in: 0..<input.count, using: &generator)
        let byte = alphabet.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: input[at] = byte
        case 1: input.insert(byte, at: at)
        case 2: input.remove(at: at)
        default: input[at] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      let deliveries: [LinkDelivery] = [
        .fill, .relay, .tree, .answer, .treeAfter(2), .discard, .confirmations(2), .transaction,
      ]
      script.link.expect(TransactionReading([(element: 0, count: 2), (element: 2, count: 1)]))
      for token in 1...6 {
        let delivery = deliveries.randomElement(using: &generator) ?? .relay
        try submit(.init(token: UInt64(token), delivery: delivery), to: script)
      }
      script.receive(
        input, pieces: DecoderVerifier.randomPieces(of: input.count, &generator))
      script.note(script.link.close(now: script.now), "close")
      let ends = script.takeLog().compactMap(endedToken).sorted()
      if ends != [1, 2, 3, 4, 5, 6] { Issue.record("\(role) \(shown(input)): \(ends)") }
    }
  }

  /// The request that ended with this line.
  private func endedToken(_ line: String) -> UInt64? {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count > 1 else { return nil }
    switch words[0] {
    case "failed", "filled", "answered", "tree": return UInt64(words[1])
    case "reply" where line.hasSuffix(" end"): return UInt64(words[1])
    default: return nil
    }
  }

  private var roundsCount: Int {
    #if DEBUG
      100
    #else
      5_000
    #endif
  }

  private var mutationsCount: Int {
    #if DEBUG
      2_000
    #else
      200_000
    #endif
  }
}
