import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LinkRequestTests {
  /// A link that has greeted, with nothing in its log.
  private static func ready(_ role: LinkRole, valueMax: Int = 1024) -> LinkScript {
    let script = LinkScript(role, valueMax: valueMax)
    script.connect()
    if role.version == .three { script.receive(Greetings.hello) }
    while !script.isReady { script.receive(Greetings.ok) }
    _ = script.sent()
    _ = script.takeLog()
    return script
  }

  private func submit(
    _ script: LinkScript, _ token: UInt64, _ delivery: LinkDelivery, _ text: String = "X"
  ) throws(RedisError) {
    let request = bytes("*1\r\n$\(text.utf8.count)\r\n\(text)\r\n")
    unsafe try script.link.submit(LinkToken(token), delivery, request.span.bytes)
  }

  private func fill(_ script: LinkScript, _ token: UInt64, _ key: String) throws(RedisError) {
    let key = bytes(key)
    unsafe try script.link.submitFill(LinkToken(token), key: key.span.bytes)
  }

  @Test(arguments: [
    ("$3\r\nabc\r\n:-1\r\n", ["filled 1 abc unlimited"]),
    ("$3\r\nabc\r\n:500\r\n", ["filled 1 abc milliseconds(500)"]),
    ("$0\r\n\r\n:-2\r\n", ["filled 1  gone"]), ("_\r\n:-2\r\n", ["filled 1 absent gone"]),
    ("$-1\r\n:-2\r\n", ["filled 1 absent gone"]),
    ("-WRONGTYPE x\r\n:-1\r\n", ["filled 1 -WRONGTYPE x unlimited"]),
    ("$1\r\na\r\n-NOPERM x\r\n", ["filled 1 a unknown"]),
    ("$1\r\na\r\n:-3\r\n", ["filled 1 a unknown"]),
    ("$9\r\n123456789\r\n:-1\r\n", ["filled 1 oversized(9) unlimited"]),
    ("*1\r\n*1\r\n:5\r\n:-1\r\n", ["filled 1 unexpected unlimited"]),
    (":5\r\n:-1\r\n", ["filled 1 unexpected unlimited"]),
    ("$1\r\na\r\n+OK\r\n", ["filled 1 a unknown"]),
    ("$1\r\na\r\n$2\r\nab\r\n", ["filled 1 a unknown"]),
    (
      "$1\r\na\r\n>2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\nk\r\n$0\r\n\r\n:-1\r\n",
      ["invalidated k", "invalidated ", "filled 1 a unlimited"]
    ),
    (
      ">2\r\n$10\r\ninvalidate\r\n_\r\n$9\r\n123456789\r\n>3\r\n+message\r\n+a\r\n+b\r\n:7\r\n",
      ["invalidated all", "filled 1 oversized(9) milliseconds(7)"]
    ),
    ("-E x\r\n>2\r\n$10\r\ninvalidate\r\n*0\r\n:7\r\n", ["filled 1 -E x milliseconds(7)"]),
    ("|1\r\n+a\r\n+b\r\n$1\r\na\r\n:7\r\n", ["filled 1 unexpected milliseconds(7)"]),
  ])
  func `a fill is one answer, behind the pushes that came before it`(
    _ input: String, _ expected: [String]
  ) throws {
    let input = bytes(input)
    for split in 0..<input.count {
      let script = Self.ready(.fill, valueMax: 8)
      try fill(script, 1, "k")
      #expect(script.sent() == "GET k|PTTL k")
      script.receive(input, pieces: [split, input.count])
      #expect(script.takeLog() == expected)
      #expect(script.link.requestCount == 0)
    }
    let script = Self.ready(.fill, valueMax: 8)
    try fill(script, 1, "k")
    script.receive(input, pieces: [Int](repeating: 1, count: input.count))
    #expect(script.takeLog() == expected)
  }

  @Test(arguments: [
    ">2\r\n$10\r\ninvalidate\r\n:1\r\n", ">3\r\n$10\r\ninvalidate\r\n*0\r\n:1\r\n",
    ">2\r\n$10\r\ninvalidate\r\n*1\r\n:1\r\n", ">2\r\n$10\r\ninvalidate\r\n*x\r\n", ">x\r\n",
    ">2\r\n$10\r\ninvalidate\r\n*1\r\n*0\r\n", "?", "$x", "|1\r\n+a\r\n+b\r\n>1\r\n+x\r\n",
  ])
  func `what cannot be understood loses a fill link`(_ input: String) throws {
    let script = Self.ready(.fill)
    try submit(script, 1, .discard)
    _ = script.sent()
    script.receive(input)
    let log = script.takeLog()
    #expect(log.first == "lost" && log.last == "failed 1 sent", "\(log)")
    guard case .protocolDefect = script.failure?.reason else {
      Issue.record("\(String(describing: script.failure))")
      return
    }
  }

  @Test func `a key too long to be looked for invalidates everything`() throws {
    let script = Self.ready(.fill)
    let long = String(repeating: "k", count: Limits.invalidatedKeyBytesMax + 1)
    try submit(script, 1, .discard)
    script.receive(
      ">2\r\n$10\r\ninvalidate\r\n*3\r\n$1\r\na\r\n$\(long.utf8.count)\r\n\(long)\r\n$1\r\nb\r\n:1\r\n",
      pieces: [50, 70_000, 2_000_000])
    #expect(
      script.takeLog() == ["invalidated a", "invalidated all", "invalidated b", "answered 1"])
  }

  @Test func `each way of delivery gets its reply by position`() throws {
    let input = bytes(
      "*2\r\n:1\r\n$3\r\nabc\r\n*2\r\n$1\r\na\r\n:2\r\n-ERR x\r\n+OK\r\n:5\r\n")
    for size in 1...input.count {
      let script = Self.ready(.shared(.three))
      try submit(script, 1, .relay)
      try submit(script, 2, .tree)
      try submit(script, 3, .discard)
      try submit(script, 4, .discard)
      try submit(script, 5, .relay)
      #expect(script.sent() == "X|X|X|X|X")
      let pieces = [Int](repeating: size, count: input.count / size + 1)
      script.receive(input, pieces: pieces)
      #expect(
        script.takeLog() == [
          "reply 1 *2\\xd\\xa:1\\xd\\xa$3\\xd\\xaabc\\xd\\xa end", "tree 2 [\"a\", 2]",
          "answered 3 with an error", "answered 4", "reply 5 :5\\xd\\xa end",
        ])
    }
  }

  @Test func `a reply that nobody waits for ends a link, but goes to a pinned link's owner`() {
    let shared = Self.ready(.shared(.two))
    shared.receive("+1234 [0 127.0.0.1:1] \"GET\"\r\n")
    #expect(shared.takeLog().first == "lost")
    let pinned = Self.ready(.pinned(.two))
    pinned.receive("+OK\r\n>2\r\n+a\r\n+b\r\n")
    #expect(
      pinned.takeLog() == ["unasked +OK\\xd\\xa .", "unasked >2\\xd\\xa+a\\xd\\xa+b\\xd\\xa ."])
  }

  @Test(arguments: [RESPVersion.two, .three])
  func `a subscriber's confirmations and messages are told apart`(_ version: RESPVersion) throws {
    let mark = version == .two ? "*" : ">"
    func said(_ kind: String, _ channel: String, _ last: String) -> String {
      "\(mark)3\r\n$\(kind.utf8.count)\r\n\(kind)\r\n$1\r\n\(channel)\r\n\(last)\r\n"
    }
    let message = said("message", "a", "$1\r\nm")
    let input = bytes(
      "*1\r\n$7\r\nmessage\r\n" + said("subscribe", "a", ":1") + message
        + said("subscribe", "b", ":2") + message + said("ssubscribe", "c", ":1") + "-NOPERM x\r\n"
        + said("unsubscribe", "a", ":1") + said("sunsubscribe", "c", ":0")
        + said("unsubscribe", "b", ":0") + "*1\r\n$7\r\nmessage\r\n")
    for size in 1...40 {
      let script = Self.ready(.pinned(version))
      try submit(script, 1, .relay)
      try submit(script, 2, .confirmations(2))
      try submit(script, 3, .confirmations(1))
      try submit(script, 4, .confirmations(5))
      try submit(script, 5, .confirmations(3))
      try submit(script, 6, .relay)
      script.receive(input, pieces: [Int](repeating: size, count: input.count / size + 1))
      let heads = script.takeLog().map { line in
        String(line.prefix(9).filter { $0 != "\\" } + " " + (line.split(separator: " ").last ?? ""))
      }
      #expect(
        heads == [
          "reply 1 * end", "reply 2 \(mark) .", "unasked \(mark) .", "reply 2 \(mark) end",
          "unasked \(mark) .", "reply 3 \(mark) end", "reply 4 - end", "reply 5 \(mark) .",
          "reply 5 \(mark) .", "reply 5 \(mark) end", "reply 6 * end",
        ])
      #expect(script.link.subscriptionCount == 0)
    }
  }

  @Test func `a tree past its limit is an error and the link lives on`() throws {
    let script = Self.ready(.shared(.three))
    try submit(script, 1, .tree)
    try submit(script, 2, .tree)
    let piece = [UInt8](repeating: 0x61, count: 10_000)
    let limit = 100_000
    script.receive("$\(limit)\r\n")
    for _ in 0..<10 { script.receive(piece) }
    script.receive("\r\n+OK\r\n")
    #expect(
      script.takeLog() == ["tree 1 \(RedisError.Reason.replyTooLarge(limit: limit))", "tree 2 OK"])
  }

  @Test(arguments: [RESPVersion.two, .three])
  func `a reply that makes no tree fails its request alone`(_ version: RESPVersion) throws {
    let deep = String(repeating: "*2\r\n:1\r\n", count: Limits.replyTreeDepthMax + 1) + "+x\r\n"
    let cases: [(String, RedisError.Reason)] = [
      (deep, .replyTooDeep(limit: Limits.replyTreeDepthMax)),
      ("(none\r\n", .protocolDefect(ReplyDefect.bigNumberInvalid.description)),
      ("*1\r\n,x\r\n", .protocolDefect(ReplyDefect.doubleInvalid.description)),
      ("*2\r\n>1\r\n+m\r\n:1\r\n:2\r\n", .protocolDefect(ReplyDefect.pushNested.description)),
      ("=4\r\nabcd\r\n", .protocolDefect(ReplyDefect.verbatimInvalid.description)),
    ]
    for (reply, reason) in cases {
      let input = bytes("+a\r\n\(reply):5\r\n\(reply)\(reply)*1\r\n:6\r\n")
      for size in [1, 2, 3, 7, 64, 1_000, input.count] {
        for role in [LinkRole.shared(version), .pinned(version), .control] {
          let script = Self.ready(role)
          try submit(script, 1, .tree)
          try submit(script, 2, .tree)
          try submit(script, 3, .tree)
          try submit(script, 4, .treeAfter(1))
          try submit(script, 5, .tree)
          script.receive(input, pieces: [Int](repeating: size, count: input.count / size + 1))
          #expect(
            script.takeLog() == [
              "tree 1 a", "tree 2 \(reason)", "tree 3 5", "tree 4 \(reason)", "tree 5 [6]",
            ])
        }
      }
    }
    #expect(RedisError.Reason.replyTooDeep(limit: 128).text.contains("128 levels"))
  }

  @Test func `what was given out counts as sent, and what was not may be sent again`() throws {
    let script = Self.ready(.shared(.two))
    try submit(script, 1, .relay)
    try submit(script, 2, .discard)
    _ = script.sent()
    try submit(script, 3, .tree)
    script.receive("+OK\r\n")
    _ = script.takeLog()
    script.note(
      script.link.disconnected(
        because: .connectionLost(outcomeUnknown: false), now: script.now), "end")
    #expect(
      script.takeLog() == [
        "end: abandon", "connectionLost(outcomeUnknown: false)", "failed 2 sent", "failed 3 unsent",
      ])
  }

  @Test func `bytes known not to have left make their requests unsent`() throws {
    let script = Self.ready(.shared(.two))
    try submit(script, 1, .relay)
    try submit(script, 2, .relay)
    _ = script.sent()
    script.note(
      script.link.disconnected(because: .timedOut, unsentBytes: 11, now: script.now), "end")
    #expect(script.takeLog().suffix(2) == ["failed 1 sent", "failed 2 unsent"])
    let failed = FailedRequest(token: LinkToken(1), delivery: .relay, wasSent: true)
    #expect(script.link.error(of: failed).isOutcomeUnknown == true)
  }

  @Test func `requests wait for the first connection and are refused while it fails`() throws {
    let script = LinkScript(.shared(.two))
    try submit(script, 1, .discard, "A")
    script.connect()
    try submit(script, 2, .discard, "B")
    #expect(script.sent() == "CLIENT SETNAME proxyd|CLIENT NO-EVICT ON|INFO server|PING")
    while !script.isReady { script.receive(Greetings.ok) }
    try submit(script, 3, .discard, "C")
    #expect(script.sent() == "A|B|C")
    script.receive("+OK\r\n+OK\r\n+OK\r\n")
    #expect(
      script.takeLog() == ["start: connect", "ready", "answered 1", "answered 2", "answered 3"])
    script.note(script.link.disconnected(because: .connectionRefused, now: script.now), "end")
    #expect(throws: RedisError(server: "h:6379", reason: .connectionRefused)) {
      try submit(script, 4, .discard)
    }
  }

  @Test func `a link that had worked is connected again at once, and requests wait for it`() throws
  {
    let script = Self.ready(.shared(.two))
    script.now = script.now.advanced(by: .seconds(2))
    script.note(
      script.link.disconnected(because: .connectionLost(outcomeUnknown: false), now: script.now),
      "end")
    #expect(script.deadline == script.now)
    try submit(script, 7, .discard)
    #expect(script.link.timeReached(now: script.now) == .connect)
    script.note(script.link.disconnected(because: .connectionRefused, now: script.now), "end")
    #expect(script.takeLog().suffix(2) == ["connectionRefused", "failed 7 unsent"])
    #expect(throws: RedisError.self) { try submit(script, 8, .discard) }
  }

  @Test func `an idle link is asked, and lost when it never answers`() throws {
    let script = Self.ready(.fill)
    script.now = script.now.advanced(by: Limits.linkPingInterval)
    #expect(script.link.timeReached(now: script.now) == .proceed)
    #expect(script.sent() == "PING")
    script.receive("+PONG\r\n")
    #expect(script.takeLog() == [])
    #expect(script.deadline == script.now.advanced(by: Limits.linkPingInterval))
    script.now = script.deadline
    #expect(script.link.timeReached(now: script.now) == .proceed)
    script.now = script.now.advanced(by: Limits.linkPingTimeout)
    script.note(script.link.timeReached(now: script.now), "time")
    #expect(script.takeLog() == ["time: abandon", "timedOut"])
  }

  @Test func `a link that waits for a slow reply is left in peace`() throws {
    for role in [LinkRole.shared(.two), .pinned(.two)] {
      let script = Self.ready(role)
      try submit(script, 1, .relay)
      _ = script.sent()
      for _ in 0..<100 {
        script.now = script.now.advanced(by: .seconds(60))
        #expect(script.link.timeReached(now: script.now) == .proceed)
      }
      #expect(script.sent() == "")
      #expect(script.isReady)
    }
  }

  @Test func `draining answers what is in flight, takes nothing new, and has a deadline`() throws {
    let script = Self.ready(.shared(.two))
    try submit(script, 1, .discard)
    try submit(script, 2, .discard)
    let deadline = script.now.advanced(by: .seconds(1))
    #expect(script.link.drain(until: deadline, now: script.now) == .proceed)
    #expect(script.sent() == "X|X")
    #expect(throws: RedisError.self) { try submit(script, 3, .discard) }
    script.receive("+OK\r\n+OK\r\n")
    #expect(script.takeLog() == ["answered 1", "answered 2", "drained"])
    #expect(script.link.isClosed == true)
    let late = Self.ready(.shared(.two))
    try submit(late, 1, .discard)
    _ = late.sent()
    _ = late.link.drain(until: deadline, now: late.now)
    late.now = late.deadline
    late.note(late.link.timeReached(now: late.now), "time")
    #expect(late.takeLog() == ["time: close", "closed", "failed 1 sent"])
    let idle = Self.ready(.shared(.two))
    #expect(idle.link.drain(until: deadline, now: idle.now) == .close)
  }

  @Test func `a pinned link is reset for its next user, and never connected again`() throws {
    let script = Self.ready(.pinned(.three))
    #expect(script.link.reset(now: script.now) == .proceed)
    #expect(script.sent() == "RESET")
    script.receive(">3\r\n+message\r\n+a\r\n+b\r\n*0\r\n+RESET\r\n")
    #expect(script.sent() == "HELLO 3 SETNAME proxyd")
    script.receive(Greetings.hello + Greetings.server() + Greetings.pong)
    #expect(script.takeLog() == ["ready"])
    let old = Self.ready(.pinned(.two))
    _ = old.link.reset(now: old.now)
    old.receive("-ERR unknown command 'RESET'\r\n")
    #expect(old.takeLog().first == "closed")
    #expect(script.link.disconnected(because: .closed, now: script.now) == .close)
    #expect(script.link.timeReached(now: .distantFuture) == .proceed)
  }

  @Test func `requests in flight are bounded`() throws {
    let script = Self.ready(.shared(.two))
    for index in 0..<Limits.linkRequestsMax { try submit(script, UInt64(index) + 1, .discard) }
    #expect(
      throws: RedisError(server: "h:6379", reason: .queueFull(limit: Limits.linkRequestsMax))
    ) { try submit(script, 0, .discard) }
    #expect(throws: RedisError.self) { try fill(script, 0, "k") }
  }

  @Test func `bytes that wait for a connection are bounded`() throws {
    let script = LinkScript(.shared(.two))
    let request = [UInt8](repeating: 0, count: Limits.linkWaitingBytesMax / 4)
    for token in 1...4 {
      unsafe try script.link.submit(LinkToken(UInt64(token)), .discard, request.span.bytes)
    }
    #expect(throws: RedisError.self) { try submit(script, 5, .discard) }
  }

  @Test func `a request may be given in parts`() throws {
    let script = Self.ready(.pinned(.two))
    let head = bytes("*2\r\n$4\r\nECHO\r\n$4\r\nab")
    let rest = bytes("cd\r\n")
    unsafe try script.link.submit(LinkToken(9), .relay, head.span.bytes)
    #expect(unsafe script.link.extend(LinkToken(9), rest.span.bytes))
    #expect(script.sent() == "ECHO abcd")
    script.receive("$4\r\nabcd\r\n")
    #expect(unsafe script.link.extend(LinkToken(9), rest.span.bytes) == false)
    _ = script.link.close(now: script.now)
    #expect(unsafe script.link.extend(LinkToken(9), rest.span.bytes) == false)
  }

  @Test func `an answer to the proxy itself has a limit of its own, and others go on`() throws {
    let script = Self.ready(.shared(.two))
    try submit(script, 1, .answer, "COMMAND")
    try submit(script, 2, .answer, "INFO")
    try submit(script, 3, .relay, "PING")
    _ = script.takeLog()
    // A hundred megabytes of commands, of which nothing is kept past the limit.
    let entry = bytes("$100000\r\n" + String(repeating: "c", count: 100_000) + "\r\n")
    script.receive(bytes("*1000\r\n"))
    for _ in 0..<1_000 {
      script.receive(entry)
      #expect(script.link.collectedBytes <= Limits.answerBytesMax + entry.count)
    }
    script.receive(bytes("$4\r\ninfo\r\n+PONG\r\n"))
    let log = script.takeLog()
    #expect(log.count >= 3 && log[0].hasPrefix("tree 1 ") && log[1].hasPrefix("tree 2 "))
    #expect(log[0].contains("\(RedisError.Reason.replyTooLarge(limit: Limits.answerBytesMax))"))
  }
}
