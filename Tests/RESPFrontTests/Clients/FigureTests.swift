import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import RESPFront

/// Each name that `INFO proxy` promises, in a case where its number is known.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct FigureTests {
  private func expect(
    _ client: RESPConnection, _ expected: KeyValuePairs<String, Int>,
    at place: SourceLocation = #_sourceLocation
  ) throws {
    let figures = try client.figures()
    for (name, number) in expected {
      #expect(figures["proxy_" + name] == "\(number)", "\(name)", sourceLocation: place)
    }
  }

  @Test(arguments: [1, 3]) func `hits, misses, entries and bytes`(_ loops: Int) throws {
    let stack = try Stack(loops: loops)
    let clients = try (0..<3).map { _ in try stack.connect() }
    for key in ["a", "b"] { _ = try clients[0].query("SET", key, "value") }
    try expect(
      clients[0], ["cache_hits": 0, "cache_misses": 0, "cache_entries": 0, "cache_bytes": 0])
    for client in clients { for key in ["a", "b", "none"] { _ = try client.query("GET", key) } }
    let bytes = stack.proxy.cache.statistics.cost
    #expect(bytes > 0)
    try expect(
      clients[1], ["cache_hits": 6, "cache_misses": 3, "cache_entries": 3, "cache_bytes": bytes])
    _ = try clients[2].query("SET", "a", "other")
    try expect(clients[1], ["cache_hits": 6, "cache_misses": 3, "cache_entries": 2])
  }

  @Test func `a client that must wait for room is counted once for each read`() throws {
    let stack = try Stack(loops: 2)
    let client = try stack.connect()
    _ = try client.query("PING")
    let count = Limits.journeysMax + 1_000
    stack.server.pause()
    try client.send(bytes: (0..<count).flatMap { RESPConnection.encode(["GET", "k\($0)"]) })
    try poll("all there is room for") {
      stack.underWay.map(\.reads).reduce(0, +) == Limits.journeysMax
    }
    stack.server.resume()
    for _ in 0..<count { #expect(try client.receive() == .bulk(nil)) }
    try expect(client, ["cache_hits": 0, "cache_misses": count, "cache_entries": count])
  }

  @Test func `evictions and expirations`() throws {
    let stack = try Stack(RedisServer(), loops: 1, settings: { $0.capacity = 3 })
    let client = try stack.connect()
    for number in 0..<8 { _ = try client.query("GET", "k\(number)") }
    try expect(client, ["cache_evictions": 5, "cache_entries": 3, "cache_expirations": 0])
    let short = try Stack(
      RedisServer(), loops: 1, settings: { $0.timeToLive = .milliseconds(1) })
    let other = try short.connect()
    try eventually {
      _ = try other.query("GET", "k")
      return (Int(try other.figures()["proxy_cache_expirations"] ?? "") ?? 0) > 0
    }
    try expect(other, ["cache_evictions": 0])
  }

  @Test func `invalidations, one a key that others change`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    for key in ["a", "b", "c"] { _ = try client.query("GET", key) }
    try expect(client, ["invalidations": 0])
    _ = try stack.server.query("SET", "a", "1")
    _ = try stack.server.query("SET", "a", "2")
    _ = try stack.server.query("SET", "b", "1")
    try eventually { try client.figures()["proxy_invalidations"] == "2" }
    try expect(client, ["cache_entries": 1])
  }

  @Test func `flights, and those who joined one`() throws {
    let stack = try Stack(loops: 2)
    let clients = try (0..<5).map { _ in try stack.connect() }
    for client in clients { _ = try client.query("PING") }
    stack.server.pause()
    for client in clients { try client.send(["GET", "cold"]) }
    try poll("all wait") { stack.underWay.map(\.reads).reduce(0, +) == 5 }
    try poll("all have joined") {
      stack.proxy.counters.joined.load(ordering: .relaxed) == 4
    }
    let asker = try stack.connect()
    try expect(asker, ["flights_joined": 4, "flights": 1, "fetches": 5, "cache_misses": 5])
    stack.server.resume()
    for client in clients { #expect(try client.receive() == .bulk(nil)) }
  }

  @Test func `permits in use and waiters`() throws {
    let stack = try Stack(
      RedisServer(), loops: 2,
      settings: {
        $0.permits = 3
        $0.queueTimeout = .seconds(30)
      })
    let clients = try (0..<5).map { _ in try stack.connect() }
    let asker = try stack.connect()
    for client in clients { _ = try client.query("PING") }
    try expect(asker, ["permits_in_use": 0, "waiters": 0])
    stack.server.pause()
    try clients[0].send(["INCR", "n"])
    try clients[1].send(["GET", "cold"])
    try poll("two permits") { stack.proxy.limiter.counts.permitsInUse == 2 }
    try expect(asker, ["permits_in_use": 2, "waiters": 0])
    for client in clients[2...] { try client.send(["INCR", "n"]) }
    try poll("two wait") { stack.proxy.limiter.counts.waiting == 2 }
    try expect(asker, ["permits_in_use": 3, "waiters": 2])
    stack.server.resume()
    for client in clients { _ = try client.receive() }
    try expect(asker, ["permits_in_use": 0, "waiters": 0])
  }

  @Test func `clients, on all loops`() throws {
    let stack = try Stack(loops: 3)
    var clients = try (0..<7).map { _ in try stack.connect() }
    for client in clients { _ = try client.query("PING") }
    try expect(clients[0], ["clients_resp": 7, "clients_http": 0])
    clients.removeLast(3)
    try eventually { try clients[0].figures()["proxy_clients_resp"] == "4" }
  }

  @Test func `what coherence relies on`() throws {
    for (coherence, word) in [
      (ProxySettings.Coherence.auto, "tracking"), (.tracking, "tracking"), (.timeToLive, "ttl"),
    ] {
      let stack = try Stack(RedisServer(), loops: 1, settings: { $0.coherence = coherence })
      let client = try stack.connect()
      _ = try client.query("GET", "k")
      #expect(try client.figures()["proxy_coherence"] == word)
    }
    // Where Redis refuses, all rests on expiry.
    let server = try RedisServer()
    _ = try server.query("ACL", "SETUSER", "default", "-client|tracking")
    let stack = try Stack(server, loops: 1)
    let client = try stack.connect()
    _ = try client.query("GET", "k")
    #expect(try client.figures()["proxy_coherence"] == "ttl")
  }

  @Test func `a proxy that has never reached Redis tells about itself`() throws {
    let server = try RedisServer()
    let stack = try Stack(server, loops: 2)
    server.stop()
    let client = try stack.connect()
    try expect(client, ["redis_connected": 0, "cache_hits": 0])
    guard case .error(let text) = try client.query("GET", "k") else {
      Issue.record("Redis answers")
      return
    }
    #expect(text.hasPrefix("ERR Redis at 127.0.0.1:"))
    for words in [["INFO"], ["INFO", "everything"], ["INFO", "server", "proxy"]] {
      try client.send(words)
      #expect(try client.receive().text?.hasPrefix("ERR Redis at 127.0.0.1:") == true)
    }
    try expect(client, ["redis_connected": 0, "cache_misses": 1])
    try server.restart()
    try eventually { try client.query("PING") == .simple("PONG") }
    try expect(client, ["redis_connected": 1])
  }
}
