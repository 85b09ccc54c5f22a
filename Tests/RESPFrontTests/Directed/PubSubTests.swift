import TestSupport
import Testing

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct PubSubTests {
  /// What a subscriber does, with the number of replies, or what another client does: `> command`, with
  /// the number of messages that the subscriber gets.
  static let story: [(String, Int)] = [
    ("UNSUBSCRIBE", 1), ("PUNSUBSCRIBE", 1), ("SUNSUBSCRIBE", 1), ("UNSUBSCRIBE a b", 2),
    ("SUBSCRIBE a b a", 3), ("> PUBLISH a hello", 1), ("> PUBLISH c nobody", 0),
    ("PSUBSCRIBE a* b? a*", 3), ("> PUBLISH a both", 2), ("SSUBSCRIBE a s", 2),
    ("> SPUBLISH a x", 1),
    ("PING", 1), ("PING text", 1), ("GET k", 1), ("SELECT 1", 1), ("CLIENT SETNAME n", 1),
    ("CLIENT GETNAME", 1), ("HELLO 9", 1), ("AUTH a b", 1), ("MULTI", 1), ("EXEC", 1), ("FOO", 1),
    ("CLIENT ID x", 1), ("SUBSCRIBE", 1), ("UNSUBSCRIBE a a nothing", 3), ("> PUBLISH a one", 1),
    ("UNSUBSCRIBE", 1), ("PUNSUBSCRIBE", 2), ("> PUBLISH a none", 0), ("SUNSUBSCRIBE", 2),
    ("GET k", 1), ("SET k v", 1), ("SUBSCRIBE one two three", 3), ("UNSUBSCRIBE", 3),
    ("CLIENT GETNAME", 1), ("GET k", 1),
  ]

  @Test(arguments: ["2", "3"]) func `subscribers hear what they would hear from Redis`(
    _ version: String
  ) throws {
    let twin = try Twin()
    let (subscriber, publisher) = (try twin.connect(), try twin.connect())
    try subscriber.both("HELLO \(version)")
    for _ in 0..<3 {
      for (line, count) in Self.story {
        if line.hasPrefix("> ") {
          try publisher.say(String(line.dropFirst(2)))
          try subscriber.expectSame(count, line)
        } else if line.hasPrefix("SUNSUBSCRIBE") || line == "UNSUBSCRIBE" || line == "PUNSUBSCRIBE"
        {
          try leaveAll(subscriber, line, count)
        } else {
          try subscriber.say(line, replies: count)
        }
      }
    }
  }

  /// In which order all are left is the hash table's affair.
  private func leaveAll(_ client: TwinConnection, _ line: String, _ count: Int) throws {
    try client.send(line)
    let expected = try client.plain.frames(count).map(\.count).sorted()
    #expect(try client.proxied.frames(count).map(\.count).sorted() == expected, "\(line)")
  }

  @Test(arguments: ["2", "3"]) func `a pipeline may subscribe, ask and leave at once`(
    _ version: String
  ) throws {
    let twin = try Twin()
    let client = try twin.connect()
    try client.both("HELLO \(version)")
    let lines = [
      "SET k v", "SUBSCRIBE a b", "CLIENT SETNAME n", "PING", "UNSUBSCRIBE a b", "CLIENT GETNAME",
      "GET k", "SELECT 2", "GET k", "SUBSCRIBE a", "SELECT 3", "GET k", "RESET", "GET k", "PING",
    ]
    for _ in 0..<5 {
      for line in lines { try client.send(Array("\(line)\r\n".utf8)) }
      try client.expectSame(lines.count + 2)
      if version == "3" { try client.both("HELLO 3") }
    }
  }

  @Test func `a transaction may subscribe`() throws {
    let twin = try Twin()
    let (client, publisher) = (try twin.connect(), try twin.connect())
    for line in ["MULTI", "SUBSCRIBE a", "GET k", "PSUBSCRIBE b*"] { try client.say(line) }
    try client.say("EXEC")
    try publisher.say("PUBLISH a 1")
    try publisher.say("PUBLISH b 2")
    try client.expectSame(2)
    try client.say("PING")
    try client.say("GET k")
    try client.say("UNSUBSCRIBE")
    try client.say("PUNSUBSCRIBE")
    try client.say("GET k")
  }

  @Test func `a subscriber that leaves is unsubscribed`() throws {
    let twin = try Twin()
    do {
      let leaving = try twin.connect()
      try leaving.say("SUBSCRIBE a")
    }
    let other = try twin.connect()
    try poll("nobody listens") {
      shown(try other.proxied.query("PUBLISH", "a", "x")) == ":0␍"
    }
    try twin.stack.expectIdle()
  }

  @Test func `what a monitor sees comes through`() throws {
    let stack = try Stack()
    let (monitor, client) = (try stack.connect(), try stack.connect())
    #expect(try monitor.query("MONITOR") == .simple("OK"))
    _ = try client.query("SET", "seen", "1")
    var line = ""
    while !line.contains("seen") { line = try monitor.receive().text ?? "" }
    #expect(line.contains("\"SET\" \"seen\" \"1\""))
    try monitor.send(["RESET"])
    while try monitor.receive() != .simple("RESET") {}
    #expect(try monitor.query("GET", "seen").text == "1")
  }

  @Test func `a client may have Redis track its own reads`() throws {
    let twin = try Twin()
    let (tracking, writer) = (try twin.connect(), try twin.connect())
    try tracking.both("HELLO 3")
    for _ in 0..<2 {
      for line in ["CLIENT CACHING YES", "CLIENT TRACKING ON", "GET a", "CLIENT TRACKINGINFO"] {
        try tracking.say(line)
      }
      try writer.say("SET a 1")
      try tracking.expectSame()
      try tracking.say("GET a")
      try tracking.say("CLIENT TRACKING OFF")
      try tracking.say("CLIENT TRACKING ON BCAST PREFIX p PREFIX q")
      try writer.say("SET p1 1")
      try tracking.expectSame()
      try tracking.say("CLIENT TRACKING OFF")
      try tracking.say("CLIENT TRACKING ON OPTIN")
      try tracking.say("GET a")
      try tracking.say("CLIENT CACHING YES")
      try tracking.say("GET b")
      // Redis still knows of `a` from before.
      try writer.say("MSET a 2 b 2")
      try tracking.expectSame(2)
      try tracking.say("RESET")
      try tracking.both("HELLO 3")
    }
    try writer.say("GET a")
  }
}
