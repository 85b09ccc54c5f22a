import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Clients that go away, whatever they wait for: what they held is free at once.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct VanishingTests {
  enum Way: CaseIterable { case finish, finishBehindMore, reset }

  /// What a client waits for when it goes.
  struct Wait {
    let text: String
    /// What is said to Redis before, and once it has gone.
    var before: [String] = []
    var after: [String] = []
    /// Whether Redis says that it has a blocked client meanwhile.
    var isBlocked = false
  }

  static let waits =
    [
      "BLPOP q 0", "BRPOP q 0", "BLMOVE q r LEFT RIGHT 0", "BLMPOP 0 1 q LEFT", "BZPOPMIN z 0",
      "XREAD BLOCK 0 STREAMS x $", "WAIT 1 0", "SET k v\r\nWAIT 1 0", "SET k v\r\nBLPOP q 0",
      "WATCH k\r\nBLPOP q 0", "SUBSCRIBE a\r\nUNSUBSCRIBE a\r\nBLPOP q 0",
    ].map { Wait(text: $0, isBlocked: true) }
    + [
      "WAIT 0 0", "WAITAOF 0 1 0", "SUBSCRIBE a", "PSUBSCRIBE a*", "MONITOR", "WATCH k", "MULTI",
      "MULTI\r\nSET k v\r\nBLPOP q 0", "MULTI\r\nSELECT 1\r\nEXEC", "SELECT 9", "AUTH nobody x",
      "CLIENT LIST", "CLIENT LIST ID 1 USER default", "CLIENT TRACKING ON", "EVAL return(1) 0",
      "SET k v\r\nINCR k\r\nGET k", "CLIENT UNBLOCK 1", "XREAD STREAMS x 0", "CLIENT REPLY OFF",
      "HELLO 3 AUTH nobody x", "CLIENT TRACKING ON REDIRECT 1", "FUNCTION LIST", "INFO",
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900000\r\nabc",
    ].map { Wait(text: $0) }
    + ["SET k v", "MULTI\r\nSET k v\r\nEXEC", "BLPOP q 0"].map {
      Wait(text: $0, before: ["CLIENT PAUSE 100000 WRITE"], after: ["CLIENT UNPAUSE"])
    }

  @Test(arguments: Way.allCases) func `what a client held is free once it has gone`(
    _ way: Way
  ) throws {
    let stack = try Stack(RedisServer(), loops: 1) {
      $0.pinnedMax = 1
      $0.permits = 1
    }
    let other = try stack.connect()
    #expect(try other.query("PING") == .simple("PONG"))
    for wait in Self.waits {
      for _ in 0..<3 {
        do {
          try leave(wait, way, stack)
          try stack.expectIdle()
          try awaitBlocked(0, at: stack.server)
          // One that is being reset counts as well.
          try poll("no link in use") { stack.shows("proxy_redis_links_pinned", 0) }
        } catch { throw ToolError("\(wait.text): \(error)") }
        #expect(try other.query("MULTI") == .simple("OK"), "\(wait)")
        #expect(try other.query("PING") == .simple("QUEUED"), "\(wait)")
        #expect(try other.query("EXEC") == .array([.simple("PONG")]), "\(wait)")
        #expect(try other.query("BLPOP", "empty", "0.001") == .array(nil), "\(wait)")
        #expect(try other.query("SET", "k", "w") == .simple("OK"), "\(wait)")
      }
    }
    #expect(stack.proxy.limiter.counts.permitsInUse == 0)
  }

  private func leave(_ wait: Wait, _ way: Way, _ stack: Stack) throws {
    for line in wait.before { try say(line, to: stack.server) }
    do {
      let client = try FrameConnection(port: stack.port)
      #expect(shown(try client.query("PING")) == "+PONG␍")
      let more = way == .finishBehindMore ? "\r\nSET k v\r\nBLPOP q 0\r\nGET k" : ""
      try client.send(Array("\(wait.text)\(more)\r\n".utf8))
      if wait.isBlocked { try awaitBlocked(1, at: stack.server) }
      if way == .reset { client.resetAtEnd() } else { client.finish() }
      // Its own side of the connection stays open until it has been answered.
      if way != .reset && wait.before.isEmpty { _ = try client.rest() }
    }
    if way == .reset { try poll("it has gone") { stack.shows("proxy_clients_resp", 1) } }
    for line in wait.after { try say(line, to: stack.server) }
    try poll("it has gone") { stack.shows("proxy_clients_resp", 1) }
  }

  @Test func `a replica that does not answer keeps no client that has gone`() throws {
    let stack = try Stack(RedisServer(), loops: 1) { $0.pinnedMax = 1 }
    let replica = try RedisServer(arguments: ["--replicaof", "127.0.0.1 \(stack.server.port)"])
    try poll("a replica") {
      try stack.server.query("INFO", "replication").text?.contains("state=online") == true
    }
    for way in Way.allCases {
      replica.pause()
      do {
        let client = try FrameConnection(port: stack.port)
        try client.send(Array("SET k v\r\nWAIT 1 0\r\nGET k\r\n".utf8))
        try awaitBlocked(1, at: stack.server)
        if way == .reset { client.resetAtEnd() } else { client.finish() }
        if way != .reset { #expect(shown(try client.rest()) == "+OK␍") }
      }
      try stack.expectIdle()
      replica.resume()
    }
  }

  @Test func `what was there to be answered is answered before the end`() throws {
    let twin = try Twin()
    for text in [
      "RPUSH q a b\r\nBLPOP q 0\r\n", "RPUSH q a\r\nBLPOP q 0\r\nGET k\r\nINCR n\r\n",
      "XADD x 1-1 f v\r\nXREAD STREAMS x 0\r\n",
      "XREAD STREAMS x 0\r\nXREAD STREAMS y 0\r\nPING\r\n",
      "SET k v\r\nWAIT 0 0\r\n", "WAIT 0 0\r\nGET k\r\n", "WAIT a 0\r\nBLPOP q\r\nBLPOP q x\r\n",
      "SET k v\r\nBLPOP empty 0\r\n", "SET k v\r\nWAIT 1 0\r\nGET k\r\n",
      "GET k\r\nBLPOP empty 0\r\nSET k w\r\n", "GET k\r\n*2\r\n$3\r\nGET\r\n$900000\r\nab",
    ] {
      for _ in 0..<10 {
        let client = try twin.connect()
        try client.send(Array(text.utf8))
        client.plain.finish()
        client.proxied.finish()
        try client.expectSameEnd(text)
      }
    }
    try twin.stack.expectIdle()
  }

  @Test func `who has gone while he waits for a permit takes none with him`() throws {
    let stack = try Stack(RedisServer(), loops: 1) { $0.permits = 1 }
    let other = try stack.connect()
    #expect(try other.query("SET", "k", "v") == .simple("OK"))
    for way in Way.allCases {
      try say("CLIENT PAUSE 100000 WRITE", to: stack.server)
      try other.send(["SET", "k", "w"])
      try poll("a permit in use") { stack.proxy.limiter.counts.permitsInUse == 1 }
      do {
        let client = try FrameConnection(port: stack.port)
        try client.send(Array("INCR n\r\nINCR n\r\n".utf8))
        try poll("one who waits") { stack.proxy.limiter.counts.waiting == 1 }
        if way == .reset { client.resetAtEnd() } else { client.finish() }
        try say("CLIENT UNPAUSE", to: stack.server)
        if way != .reset { #expect(try client.rest().count == 8) }
      }
      #expect(try other.receive() == .simple("OK"))
      try stack.expectIdle()
      #expect(stack.proxy.limiter.counts.permitsInUse == 0)
    }
  }

  private func say(_ line: String, to server: RedisServer) throws {
    let connection = try server.connect()
    try connection.send(line.split(separator: " ").map(String.init))
    _ = try connection.receive()
  }

  private func awaitBlocked(_ count: Int, at server: RedisServer) throws {
    try poll("\(count) blocked clients") {
      try server.query("INFO", "clients").text?.contains("blocked_clients:\(count)\r\n") == true
    }
  }
}

extension Stack {
  fileprivate func shows(_ figure: String, _ wanted: Int) -> Bool {
    proxy.figures.contains {
      guard $0.name.description == figure, case .number(let number) = $0.value
      else { return false }
      return number == wanted
    }
  }
}
