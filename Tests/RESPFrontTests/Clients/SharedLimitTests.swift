import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// What all clients together may cost.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SharedLimitTests {
  // In small answers it takes minutes where a sanitizer watches.
  @Test(arguments: Sanitizer.isPresent ? [40_000, 300_000] : [1_000, 300_000])
  func `past the sum of what is unread, who has left most unread is closed`(_ size: Int) throws {
    let limit = 24 << 20
    let stack = try Stack(RedisServer(), loops: 2) { $0.outputBytesMax = limit }
    let other = try stack.connect()
    _ = try other.query("SET", "k", String(repeating: "x", count: size))
    let modest = try stack.connect()
    // Half a megabyte is more than the kernel keeps for nobody, and far less than the others leave.
    for _ in 0..<(512 << 10) / size + 1 { try modest.send(["GET", "k"]) }
    let greedy = try (0..<6).map { _ in try stack.connect() }
    var sent = 0
    for client in greedy {
      var isClosed = false
      for _ in 0..<(40 << 20) / size where !isClosed {
        isClosed = (try? client.send(["GETRANGE", "k", "0", "-1"])) == nil
        sent += 1
        if sent % 100 == 0, other.isOver(limit) {
          Issue.record("more than the limit and what comes in a few turns is kept")
        }
      }
    }
    try poll("some were closed") {
      let figures = try other.figures()
      return (Int(figures["proxy_clients_output_closed"] ?? "") ?? 0) > 0
    }
    for _ in 0..<(512 << 10) / size + 1 {
      #expect(try modest.receive().text?.utf8.count == size)
    }
    #expect(try other.query("PING") == .simple("PONG"))
  }

  @Test func `what is unread is not counted any more once it was read or its client has gone`()
    throws
  {
    let stack = try Stack(RedisServer(), loops: 1)
    let (slow, other) = (try stack.connect(), try stack.connect())
    _ = try other.query("SET", "k", String(repeating: "x", count: 900_000))
    func counted() throws -> Int {
      Int(try other.figures()["proxy_clients_output_bytes"] ?? "") ?? -1
    }
    for _ in 0..<30 { try slow.send(["GET", "k"]) }
    try poll("much is unread") { try counted() > 5_000_000 }
    for _ in 0..<30 { #expect(try slow.receive().text?.utf8.count == 900_000) }
    try poll("nothing is unread") { try counted() == 0 }
    do {
      let leaving = try stack.connect()
      // What waits behind a script counts too.
      for _ in 0..<30 { try leaving.send(["GET", "k"]) }
      try poll("much is unread again") { try counted() > 5_000_000 }
    }
    try poll("it has gone with its client") { try counted() == 0 }
    #expect(try other.figures()["proxy_clients_output_closed"] == "0")
  }

  @Test func `what the proxy remembers of a client counts as what it has not read`() throws {
    let stack = try Stack(RedisServer(), loops: 1) { _ in
    } options: {
      $0.outputBytesMax = 4 << 20
    }
    let (client, other) = (try stack.connect(), try stack.connect())
    func counted() throws -> Int {
      Int(try other.figures()["proxy_clients_output_bytes"] ?? "") ?? -1
    }
    let names = (0..<1_000).map { "\($0) " + String(repeating: "x", count: 200) }
    try client.send(["SUBSCRIBE"] + names)
    for _ in names { _ = try client.receive() }
    #expect(try counted() > 200_000)
    try client.send(["UNSUBSCRIBE"])
    for _ in names { _ = try client.receive() }
    #expect(try client.query("PING") == .simple("PONG"))
    #expect(try counted() == 0)
    #expect(
      try client.query("CLIENT", "SETNAME", names[0].replacing(" ", with: "")) == .simple("OK"))
    #expect(try counted() > 200)
    #expect(try client.query("RESET") == .simple("RESET"))
    #expect(try counted() == 0)
    _ = try client.query("MULTI")
    for name in names { _ = try client.query("SET", name, "v") }
    #expect(try counted() > 200_000)
    _ = try client.query("DISCARD")
    #expect(try client.query("PING") == .simple("PONG"))
    #expect(try counted() == 0)
    // Another kilobyte with each, and never a channel less.
    for round in 0..<100_000 {
      try? client.send(["SUBSCRIBE", "\(round) " + String(repeating: "y", count: 1_000)])
      if (try? client.receive()) == nil { break }
      #expect(round < 8_000, "it is never closed")
    }
    #expect(client.isAtEnd)
    #expect(try other.figures()["proxy_clients_output_closed"] == "1")
    #expect(try counted() == 0)
  }

  @Test(.disabled(if: Sanitizer.isPresent, "the first are closed before the last have been opened"))
  func `links to databases that nobody uses are closed, and what they filled with them`() throws {
    let stack = try Stack(RedisServer(), loops: 2) {
      $0.linkIdleMax = .milliseconds(200)
      $0.timeToLive = .milliseconds(300)
    }
    let client = try stack.connect()
    for round in 0..<3 {
      for database in 0..<16 {
        _ = try client.query("SELECT", "\(database)")
        _ = try client.query("SET", "k", "\(round) \(database)")
        for _ in 0..<2 { #expect(try client.query("GET", "k").text == "\(round) \(database)") }
      }
      _ = try client.query("SELECT", "0")
      #expect(stack.linkCounts.contains { $0.shared > 8 })
      // The control link and those of the database that clients start in may stay.
      try poll("the others are closed") {
        stack.linkCounts.allSatisfy { $0.shared <= 3 && $0.fill <= 1 }
      }
      #expect(try client.figures()["proxy_redis_links_lost"] == "0")
    }
  }

  @Test func `a database that is used keeps its links, and its entries`() throws {
    let stack = try Stack(RedisServer(), loops: 1) { $0.linkIdleMax = .milliseconds(50) }
    let client = try stack.connect()
    _ = try client.query("SELECT", "5")
    _ = try client.query("SET", "k", "v")
    #expect(try client.query("GET", "k").text == "v")
    // An entry is there for minutes, and for as long its link.
    for _ in 0..<100 {
      usleep(5_000)
      #expect(try client.query("GET", "k").text == "v")
    }
    #expect(try client.figures()["proxy_flights"] == "1")
    #expect(stack.linkCounts.allSatisfy { $0.fill == 1 })
    _ = try stack.server.query("FLUSHALL")
    try poll("it has heard of it") { try client.query("GET", "k") == .bulk(nil) }
  }

  @Test func `more databases than links are read and written all the same`() throws {
    let stack = try Stack(RedisServer(arguments: ["--databases", "700"]), loops: 1)
    let client = try stack.connect()
    for round in 0..<2 {
      for database in 0..<700 {
        _ = try client.query("SELECT", "\(database)")
        _ = try client.query("INCR", "k")
        #expect(try client.query("GET", "k").text == "\(round + 1)")
      }
    }
    #expect(
      stack.linkCounts.allSatisfy {
        $0.fill <= Limits.fillLinksMax && $0.shared <= Limits.sharedLinksMax
      })
    let count = try #require(try stack.server.query("CLIENT", "LIST").text).utf8.count { $0 == 10 }
    #expect(count <= Limits.fillLinksMax + Limits.sharedLinksMax + Limits.pinnedIdleMax + 2)
  }
}

extension RESPConnection {
  /// Whether the proxy keeps far more than `limit` for clients that do not read.
  fileprivate func isOver(_ limit: Int) -> Bool {
    guard let text = try? figures()["proxy_clients_output_bytes"], let bytes = Int(text) else {
      return false
    }
    return bytes > limit + (8 << 20)
  }
}

extension Stack {
  var linkCounts: [(shared: Int, fill: Int)] {
    loops.compactMap { loop in
      loop.perform { [proxy] loop in
        proxy.worker(on: loop).map { [$0.sharedLinkCounts.shared, $0.sharedLinkCounts.fill] }
      } ?? nil
    }.map { ($0[0], $0[1]) }
  }
}
