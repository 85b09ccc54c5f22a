import TestSupport
import Testing

@testable import ProxyCore

@Suite(.enabled(if: RedisServer.isInstalled)) struct LinkRedisTests {
  private static let roles: [LinkRole] = [
    .fill, .shared(.two), .shared(.three), .pinned(.two), .pinned(.three), .control,
  ]

  private func url(
    _ server: RedisServer, user: String? = nil, password: String? = nil, database: Int = 0
  ) -> RedisURL {
    RedisURL(port: server.port, username: user, password: password, database: database)
  }

  @Test func `every role is greeted, selects its database and carries requests`() throws {
    let server = try RedisServer()
    try server.query("SET", "a", "zero")
    for role in Self.roles {
      for database in [0, 3] {
        let fixture = try LinkFixture(role, url(server, database: database))
        try fixture.submit(1, .tree, "GET", "a")
        fixture.turn { fixture.log.count == 2 }
        let value = database == 0 || role == .control ? "\"zero\"" : "(nil)"
        #expect(fixture.log == ["ready", "tree 1 \(value)"])
        #expect((fixture.link.server.runID?.count == 40) == (role != .control))
        #expect(fixture.link.server.tracking == (role == .fill ? .on : .unwanted))
      }
    }
  }

  @Test func `passwords and users are asked for, given, and refused`() throws {
    let server = try RedisServer()
    try server.query("ACL", "SETUSER", "bob", "on", ">bobs", "~*", "+@all")
    try server.query("CONFIG", "SET", "requirepass", "pw")
    for role in Self.roles {
      #expect(try LinkFixture(role, url(server, password: "pw")).outcome() == nil)
      #expect(try LinkFixture(role, url(server, user: "bob", password: "bobs")).outcome() == nil)
      for wrong in [
        url(server), url(server, password: "x"), url(server, user: "bob", password: "pw"),
        url(server, user: "eve", password: "pw"),
      ] {
        // A control link without a password finds out with its first command.
        guard let reason = try LinkFixture(role, wrong).outcome() else {
          Issue.record("\(role) was let in with \(wrong)")
          continue
        }
        guard case .authenticationFailed = reason else {
          Issue.record("\(role): \(reason)")
          continue
        }
      }
    }
  }

  @Test func `a user without rights to more still gets fills, but no tracking`() throws {
    let server = try RedisServer()
    try server.query("ACL", "SETUSER", "bob", "on", ">bobs", "~*", "+get", "+pttl", "+hello")
    let fixture = try LinkFixture(.fill, url(server, user: "bob", password: "bobs"))
    #expect(fixture.outcome() == nil)
    guard case .refused(let error) = fixture.link.server.tracking else {
      Issue.record("\(fixture.link.server)")
      return
    }
    #expect(error.code == "NOPERM")
    #expect(fixture.link.server.runID == nil)
  }

  @Test func `commands that were renamed away are done without`() throws {
    let server = try RedisServer(arguments: [
      "--rename-command", "HELLO", "", "--rename-command", "CLIENT", "",
    ])
    try server.query("CONFIG", "SET", "requirepass", "pw")
    try #require(try LinkFixture(.shared(.two), url(server, password: "pw")).outcome() == nil)
    let fixture = try LinkFixture(.fill, url(server, password: "pw"))
    #expect(fixture.outcome() == nil)
    #expect(fixture.link.server.speaks == .two)
    try fixture.fill(1, "none")
    try fixture.submit(2, .tree, "SET", "k", "v", "PX", "100000")
    try fixture.fill(3, "k")
    fixture.turn { fixture.log.count == 4 }
    #expect(fixture.log[2] == "tree 2 OK" && fixture.log[3].hasPrefix("filled 3 v milliseconds("))
    let three = try LinkFixture(.shared(.three), url(server, password: "pw"))
    #expect(three.outcome() == .protocolVersionRefused)
  }

  @Test func `a full server, a closed port and an unknown name are told apart`() throws {
    let server = try RedisServer()
    let only = try server.connect()
    #expect(try only.query("CONFIG", "SET", "maxclients", "1") == .simple("OK"))
    // The server says why before it closes, but a reset may overtake it.
    let reason = try LinkFixture(.shared(.two), url(server)).outcome()
    #expect(
      reason == .clientsExceeded || reason == .connectionLost(outcomeUnknown: false),
      "\(reason as Any)")
    server.stop()
    #expect(try LinkFixture(.fill, url(server)).outcome() == .connectionRefused)
    let nowhere = try LinkFixture(.fill, RedisURL(host: "no-such-host.invalid"))
    guard case .nameNotResolved = nowhere.outcome() else {
      Issue.record("\(nowhere.losses)")
      return
    }
  }

  @Test func `a name is resolved and its addresses are tried in turn`() throws {
    let server = try RedisServer()
    let fixture = try LinkFixture(.fill, RedisURL(host: "localhost", port: server.port))
    #expect(fixture.outcome() == nil)
  }

  @Test func `fills are answered and invalidated, and fences come behind the pushes`() throws {
    let server = try RedisServer()
    let big = String(repeating: "x", count: 300_000)
    try server.query("SET", "k", big)
    let fixture = try LinkFixture(.fill, url(server))
    try fixture.fill(1, "k")
    try fixture.fill(2, "absent")
    fixture.turn { fixture.log.count == 3 }
    #expect(fixture.log[1] == "filled 1 \(big) unlimited")
    #expect(fixture.log[2] == "\(LinkEvent.filled(LinkToken(2), .absent, .gone))")
    try server.query("SET", "absent", "v")
    try server.query("DEL", "k")
    try fixture.link.submitFence(LinkToken(3), now: fixture.loop.now)
    fixture.turn { fixture.log.count == 6 }
    #expect(
      fixture.log.suffix(3) == [
        "invalidated absent", "invalidated k",
        "\(LinkEvent.answered(LinkToken(3), isError: false))",
      ])
  }

  @Test func `a link finds its server again, and notices that it is another one`() throws {
    let server = try RedisServer()
    let fixture = try LinkFixture(.fill, url(server))
    #expect(fixture.outcome() == nil)
    fixture.link.expectedRunID = fixture.link.server.runID
    server.stop()
    fixture.turn { fixture.losses.last == .connectionRefused }
    #expect(throws: RedisError.self) { try fixture.fill(1, "k") }
    try server.restart()
    fixture.turn { fixture.losses.last == .serverReplaced }
    fixture.link.expectedRunID = fixture.link.server.runID
    fixture.turn { fixture.link.isReady }
    try fixture.fill(2, "k")
    fixture.turn { fixture.link.requestCount == 0 }
  }

  @Test func `what was sent when the server dies fails with an unknown outcome`() throws {
    let server = try RedisServer()
    let fixture = try LinkFixture(.shared(.two), url(server))
    #expect(fixture.outcome() == nil)
    try fixture.submit(1, .relay, "BLPOP", "list", "0")
    fixture.loop.turn()
    server.stop()
    fixture.turn { !fixture.failed.isEmpty }
    #expect(
      fixture.failed == [
        FailedRequest(token: LinkToken(1), delivery: .relay, wasSent: true)
      ])
  }

  @Test func `a pinned link in a subscription is reset and used again`() throws {
    let server = try RedisServer()
    let fixture = try LinkFixture(.pinned(.two), url(server, database: 2))
    try fixture.submit(1, .confirmations(2), "SUBSCRIBE", "a", "b")
    fixture.turn { fixture.link.subscriptionCount == 2 && fixture.link.requestCount == 0 }
    try server.query("PUBLISH", "a", "hi")
    fixture.turn { fixture.log.last?.hasPrefix("unasked") == true }
    fixture.link.reset(now: fixture.loop.now)
    fixture.turn { fixture.link.isReady }
    #expect(fixture.link.subscriptionCount == 0)
    try fixture.submit(2, .tree, "CLIENT", "GETNAME")
    fixture.turn { fixture.log.last == "tree 2 \"proxyd\"" }
  }
}
