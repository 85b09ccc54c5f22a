import ProxyCore
import TestSupport
import Testing

@testable import HTTPFront

/// What `Cache-Status` (RFC 9211) tells is what happened.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPCacheStatusTests {
  @Test func `of those who wait for one fetch all but one hear that they were joined`() throws {
    let stack = try HTTPStack()
    // The links are there, and nothing else has to be asked.
    for number in 0..<20 { #expect(try stack.connect().query("GET /x\(number)").status == 404) }
    for (key, status) in [("there", 200), ("absent", 404)] {
      if status == 200 { _ = try stack.server.query("SET", key, "v") }
      let clients = try (0..<8).map { _ in try stack.connect() }
      stack.server.pause()
      for client in clients { try client.send("GET /\(key) HTTP/1.1\r\nHost: a\r\n\r\n") }
      #expect(eventually { stack.readsUnderWay == clients.count })
      stack.server.resume()
      let replies = try clients.map { try $0.receive() }
      #expect(replies.allSatisfy { $0.status == status && $0["Age"] == nil })
      let told = replies.map { $0["Cache-Status"] ?? "" }.sorted()
      let joined = Array(repeating: "proxyd; fwd=miss; stored; collapsed", count: 7)
      #expect(told == ["proxyd; fwd=miss; stored"] + joined)
      let next = try clients[0].query("GET /\(key)")
      #expect(next["Cache-Status"]?.hasPrefix("proxyd; hit; ttl=") == true && next["Age"] == "0")
    }
  }

  @Test func `what is not kept is not called so`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.capacity = 0 })
    _ = try stack.server.query("SET", "k", "v")
    let client = try stack.connect()
    for _ in 0..<2 { #expect(try client.query("GET /k")["Cache-Status"] == "proxyd; fwd=miss") }
    let large = try HTTPStack(RedisServer(), settings: { $0.valueBytesMax = 100 })
    _ = try large.server.query("SETRANGE", "big", "5000", "x")
    let other = try large.connect()
    for _ in 0..<2 { #expect(try other.query("GET /big")["Cache-Status"] == "proxyd; fwd=bypass") }
  }

  @Test func `a last known value is called stale`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.staleIfError = .seconds(600) })
    let client = try stack.connect()
    #expect(try client.query("PUT /k", body: bytes("v")).status == 204)
    #expect(try client.query("GET /k").text == "v")
    stack.server.stop()
    #expect(
      try eventually {
        let reply = try client.query("GET /k")
        return reply.text == "v" && reply["Cache-Status"] == "proxyd; fwd=stale"
      })
  }
}
