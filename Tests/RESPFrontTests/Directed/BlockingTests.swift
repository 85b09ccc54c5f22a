import TestSupport
import Testing

/// Clients that wait for each other.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct BlockingTests {
  /// Until both servers have so many blocked clients.
  private func awaitBlocked(_ count: Int, _ twin: Twin) throws {
    for server in [twin.plain, twin.stack.server] {
      try poll("\(count) blocked clients") {
        try server.query("INFO", "clients").text?.contains("blocked_clients:\(count)\r\n") == true
      }
    }
  }

  static let waits = [
    ("BLPOP l m 0", "RPUSH m a"), ("BRPOP l m 0", "LPUSH l a b"),
    ("BLMOVE l m LEFT RIGHT 0", "RPUSH l a"), ("BRPOPLPUSH l m 0", "RPUSH l a"),
    ("BLMPOP 0 2 l m LEFT COUNT 2", "RPUSH m a b c"), ("BZPOPMIN z 0", "ZADD z 1 a 2 b"),
    ("BZPOPMAX z y 0", "ZADD y 1 a 2 b"), ("BZMPOP 0 1 z MIN", "ZADD z 1 a"),
    ("XREAD BLOCK 0 STREAMS x $", "XADD x 1-1 f v"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "XADD s 1-1 f v"),
  ]

  @Test(arguments: ["2", "3"]) func `a blocked client is woken by another, and goes on`(
    _ version: String
  ) throws {
    let twin = try Twin()
    let (waiting, waking) = (try twin.connect(), try twin.connect())
    try waiting.both("HELLO \(version)")
    for (wait, wake) in Self.waits {
      try waking.say("FLUSHALL")
      try waking.say("XGROUP CREATE s g $ MKSTREAM")
      try waiting.send(multibulk(wait.split(separator: " ").map { Array($0.utf8) }))
      try waiting.send("SET", "k", wait)
      try waiting.send("GET", "k")
      try awaitBlocked(1, twin)
      try waking.say(wake)
      try waiting.expectSame(3, wait)
      for key in ["l", "m"] { try waking.say("LRANGE \(key) 0 -1") }
    }
  }

  @Test func `several clients are served in the order in which they came`() throws {
    let twin = try Twin()
    let clients = try (0..<4).map { _ in try twin.connect() }
    for (number, client) in clients.enumerated() {
      try client.send("BLPOP", "q", "0")
      try awaitBlocked(number + 1, twin)
    }
    let other = try twin.connect()
    try other.say("RPUSH q 1 2 3")
    for client in clients.prefix(3) { try client.expectSame() }
    try other.say("RPUSH q 4")
    try clients[3].expectSame()
  }

  @Test func `waits end by themselves, and in a transaction at once`() throws {
    let twin = try Twin()
    let client = try twin.connect()
    for version in ["2", "3"] {
      try client.both("HELLO \(version)")
      for (wait, _) in Self.waits where !wait.hasPrefix("XREADGROUP") {
        try client.say(wait.hasPrefix("X") ? "XREAD BLOCK 5 STREAMS x $" : "BLPOP l 0.01")
        try client.say("MULTI")
        try client.say(wait)
        try client.say("EXEC")
      }
      try client.say("GET k")
    }
  }

  @Test func `one who leaves while blocked takes nothing with him`() throws {
    let twin = try Twin()
    do {
      let leaving = try twin.connect()
      try leaving.send("BLPOP", "q", "0")
      try awaitBlocked(1, twin)
    }
    try awaitBlocked(0, twin)
    let client = try twin.connect()
    try client.say("RPUSH q a")
    try client.say("LRANGE q 0 -1")
    try twin.stack.expectIdle()
  }

  @Test func `a pause ends when another client ends it`() throws {
    let twin = try Twin()
    let (writer, other) = (try twin.connect(), try twin.connect())
    try other.say("CLIENT PAUSE 100000 WRITE")
    try writer.send("SET", "k", "v")
    try other.say("GET k")
    try other.say("CLIENT UNPAUSE")
    try writer.expectSame()
    try other.say("GET k")
  }
}
