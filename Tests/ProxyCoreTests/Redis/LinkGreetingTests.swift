import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LinkGreetingTests {
  private static let bob = RedisURL(host: "h", username: "bob", password: "pw", database: 5)

  @Test func `a fill link says hello, selects, is protected, tracks, and learns who answers`() {
    let script = LinkScript(.fill, Self.bob)
    script.connect()
    #expect(script.takeLog() == ["start: connect"])
    #expect(script.sent() == "HELLO 3 AUTH bob pw SETNAME proxyd")
    script.receive(Greetings.hello)
    #expect(
      script.sent() == "SELECT 5|CLIENT NO-EVICT ON|CLIENT TRACKING ON|INFO server|PING")
    script.receive(Greetings.ok + "-NOPERM no\r\n" + Greetings.ok + Greetings.server())
    #expect(script.isReady == false)
    script.receive(Greetings.pong)
    #expect(script.takeLog() == ["ready"])
    let server = script.server
    #expect(server.tracking == .on)
    #expect(server.speaks == .three)
    #expect(server.runID == bytes("abc"))
    #expect(server.version == bytes("7.0.15"))
    #expect(!server.isReplica)
  }

  @Test func `each role asks for what it needs`() {
    let roles: [(LinkRole, RedisURL, String, String)] = [
      (.shared(.two), RedisURL(), "", "CLIENT SETNAME proxyd|CLIENT NO-EVICT ON|INFO server|PING"),
      (
        .shared(.two), RedisURL(password: "pw"), "AUTH default pw",
        "CLIENT SETNAME proxyd|CLIENT NO-EVICT ON|INFO server|PING"
      ),
      (
        .shared(.three), RedisURL(database: 1), "HELLO 3 SETNAME proxyd",
        "SELECT 1|CLIENT NO-EVICT ON|INFO server|PING"
      ),
      (.pinned(.two), RedisURL(), "", "CLIENT SETNAME proxyd|CLIENT ID|INFO server|PING"),
      (.pinned(.three), RedisURL(), "HELLO 3 SETNAME proxyd", "INFO server|PING"),
      (.control, RedisURL(database: 1), "HELLO 3 SETNAME proxyd", ""),
    ]
    for (role, url, opening, rest) in roles {
      let script = LinkScript(role, url)
      script.connect()
      var said = script.sent()
      if !opening.isEmpty {
        #expect(said == opening)
        script.receive(role.version == .three ? Greetings.hello : Greetings.ok)
        said = script.sent()
      }
      #expect(said == rest)
      for step in rest.split(separator: "|") {
        script.receive(step == "INFO server" ? Greetings.server() : Greetings.ok)
      }
      #expect(script.isReady, "\(role)")
    }
  }

  @Test func `where HELLO is unknown, fills go on in RESP2 without tracking`() {
    let script = LinkScript(.fill, RedisURL(password: "pw"))
    script.connect()
    _ = script.sent()
    script.receive(Greetings.unknown)
    #expect(script.sent() == "AUTH default pw")
    script.receive(Greetings.ok)
    #expect(script.sent() == "CLIENT SETNAME proxyd|CLIENT NO-EVICT ON|INFO server|PING")
    script.receive(Greetings.ok + Greetings.ok + Greetings.server() + Greetings.pong)
    #expect(script.isReady)
    #expect(
      script.server.tracking == .refused(RESPError(bytes: bytes(error(of: Greetings.unknown))))
    )
    #expect(script.server.speaks == .two)
  }

  @Test func `refused tracking is an outcome and no failure`() {
    let script = LinkScript(.fill)
    script.connect()
    script.receive(
      Greetings.hello + Greetings.ok + "-ERR unknown subcommand 'TRACKING'\r\n"
        + Greetings.server() + Greetings.pong)
    #expect(script.isReady)
    #expect(script.server.tracking == .refused(RESPError("ERR unknown subcommand 'TRACKING'")))
  }

  private static let failures: [(String, RedisError.Reason?)] = [
    (
      "-NOAUTH HELLO must be called\r\n",
      RedisError.Reason.authenticationFailed(RESPError("NOAUTH HELLO must be called"))
    ),
    ("-WRONGPASS no\r\n", .authenticationFailed(RESPError("WRONGPASS no"))),
    (
      "-DENIED Redis is running in protected mode\r\n",
      .accessDenied(RESPError("DENIED Redis is running in protected mode"))
    ),
    ("-ERR max number of clients reached\r\n", .clientsExceeded),
    ("-ERR max number of clients + cluster connections reached\r\n", .clientsExceeded),
    ("-LOADING x\r\n", .loading(RESPError("LOADING x"))),
    ("-ERR odd\r\n", .errorReply(RESPError("ERR odd"))),
    ("HTTP/1.1 400 Bad Request\r\n\r\n", .notRedis), ("\u{15}\u{3}\u{3}", .notRedis),
    ("+OK\r\n", .notRedis), ("$-1\r\n", .notRedis), ("*0\r\n", .notRedis),
    ("%1\r\n+server\r\n,1x\r\n", .notRedis), (":1x", .notRedis),
    (
      Greetings.hello + "+OK\r\n+OK\r\n$3\r\nabc\r\n-LOADING a\r\n",
      .loading(RESPError("LOADING a"))
    ),
    (Greetings.hello + "+OK\r\n-BUSY a\r\n", .busy(RESPError("BUSY a"))),
    (Greetings.hello + "+OK\r\n+OK\r\n-NOPERM a\r\n-MISCONF a\r\n", nil),
  ]

  @Test(arguments: failures)
  func `a failed greeting says why, however it is split`(
    _ input: String, _ reason: RedisError.Reason?
  ) {
    let input = bytes(input)
    for pieces in [[input.count], [Int](repeating: 1, count: input.count)] {
      let script = LinkScript(.fill)
      script.connect()
      _ = script.takeLog()
      script.receive(input, pieces: pieces)
      #expect(script.takeLog() == (reason.map { ["lost", "\($0)"] } ?? ["ready"]))
      let slow = script.failure?.needsOperator ?? false
      let wait = script.deadline.since(script.now)
      if reason != nil { #expect(slow ? wait >= .seconds(2) : wait <= .milliseconds(500)) }
    }
  }

  @Test(arguments: [
    (
      Greetings.unknown + "-ERR wrong number of arguments for 'auth' command\r\n",
      RedisError.Reason.versionTooOld
    ),
    (
      Greetings.unknown + "+OK\r\n+OK\r\n-ERR\r\n" + Greetings.server(version: "5.0.7")
        + "+PONG\r\n", .versionTooOld
    ),
    (
      Greetings.unknown + "-ERR invalid password\r\n",
      .authenticationFailed(RESPError("ERR invalid password"))
    ),
  ])
  func `a Redis before version 6 is told apart`(_ input: String, _ reason: RedisError.Reason) {
    let script = LinkScript(.fill, RedisURL(password: "pw"))
    script.connect()
    _ = script.takeLog()
    script.receive(input)
    #expect(script.takeLog() == ["lost", "\(reason)"])
  }

  @Test func `RESP3 clients cannot be served where HELLO is unknown`() {
    for role in [LinkRole.shared(.three), .pinned(.three)] {
      let script = LinkScript(role)
      script.connect()
      script.receive(Greetings.unknown)
      #expect(script.failure?.reason == .protocolVersionRefused)
    }
  }

  @Test func `a database that is refused fails the greeting`() {
    let script = LinkScript(.shared(.two), RedisURL(database: 99))
    script.connect()
    script.receive(Greetings.ok + "-ERR DB index is out of range\r\n")
    #expect(
      script.failure?.reason == .databaseRefused(RESPError("ERR DB index is out of range")))
  }

  @Test func `a control link asks a busy server for nothing that it refuses`() {
    let script = LinkScript(.control)
    script.connect()
    script.receive(Greetings.unknown)
    #expect(script.sent() == "HELLO 3 SETNAME proxyd|CLIENT SETNAME proxyd")
    script.receive("-BUSY Redis is busy\r\n")
    #expect(script.isReady)
  }

  @Test func `another server behind the same name is refused`() {
    let script = LinkScript(.fill)
    script.link.expectedRunID = bytes("xyz")
    script.connect()
    script.receive(Greetings.fill)
    #expect(script.failure?.reason == .serverReplaced)
    #expect(script.server.runID == bytes("abc"))
    script.link.expectedRunID = script.server.runID
    script.now = script.deadline
    #expect(script.link.timeReached(now: script.now) == .connect)
    #expect(script.link.connected(now: script.now) == .proceed)
    script.receive(Greetings.fill)
    #expect(script.isReady)
  }

  @Test func `silence is given up at the deadline, before and after the connection`() {
    let script = LinkScript(.fill)
    #expect(script.link.start(now: script.now) == .connect)
    script.now = script.deadline
    #expect(script.link.timeReached(now: script.now) == .abandon)
    #expect(script.failure?.reason == .connectTimedOut)
    script.now = script.deadline
    #expect(script.link.timeReached(now: script.now) == .connect)
    #expect(script.link.connected(now: script.now) == .proceed)
    script.receive(String(Greetings.hello.prefix(20)))
    #expect(script.link.timeReached(now: script.now) == .proceed)
    script.now = script.now.advanced(by: .seconds(1))
    #expect(script.link.timeReached(now: script.now) == .abandon)
    #expect(script.failure?.description.contains("h:6379: no answer in time") == true)
  }

  @Test func `the whole greeting may come in any pieces, with pushes between`() {
    var generator = SeededGenerator.forTest()
    let push = ">2\r\n$10\r\ninvalidate\r\n_\r\n"
    let input = bytes(
      Greetings.hello + ">1\r\n+x\r\n" + Greetings.ok + Greetings.ok + push + Greetings.server()
        + push + Greetings.pong)
    for _ in 0..<200 {
      let script = LinkScript(.fill)
      script.connect()
      script.receive(input, pieces: DecoderVerifier.randomPieces(of: input.count, &generator))
      #expect(
        script.takeLog() == ["start: connect", "invalidated all", "invalidated all", "ready"])
    }
  }

  @Test func `what an error reply says of its server is told apart`() {
    for (text, isOwn) in [("READONLY x", true), ("LOADING x", true), ("ERR x", false)] {
      let error = RESPError(text)
      #expect((RedisError.Reason(reply: error) != .errorReply(error)) == isOwn)
    }
    let error = RedisError(server: "h:1", reason: .errorReply(RESPError("ERR a\r\nb")))
    #expect(error.description == "Redis at h:1: ERR a  b")
  }

  private func error(of reply: String) -> String { String(reply.dropFirst().dropLast(1)) }
}
