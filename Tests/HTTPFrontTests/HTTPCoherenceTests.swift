import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// Two fronts, one memory.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPCoherenceTests {
  @Test func `what either front has written is what both read`() throws {
    let stack = try HTTPStack()
    var random = SeededGenerator.forTest()
    // Clients are dealt to both loops.
    let web = try (0..<6).map { _ in try stack.connect() }
    let resp = try (0..<6).map { _ in try stack.connectRESP() }
    // They keep fetches under way while others write.
    let readers = try (0..<4).map { _ in try stack.connect() }
    var latest = [String](repeating: "", count: 5)
    var expected: [[(key: Int, oldest: Int)]] = Array(repeating: [], count: readers.count)
    for (key, _) in latest.enumerated() {
      latest[key] = "0"
      _ = try stack.server.query("SET", "k\(key)", "0")
    }
    for step in 1...4_000 {
      let key = Int.random(in: 0..<latest.count, using: &random)
      let reader = Int.random(in: 0..<readers.count, using: &random)
      try readers[reader].send("GET /k\(key) HTTP/1.1\r\nHost: a\r\n\r\n")
      expected[reader].append((key, Int(latest[key]) ?? 0))
      if Int.random(in: 0..<2, using: &random) == 0 {
        let value = "\(step)"
        if Int.random(in: 0..<3, using: &random) == 0 {
          let client = try #require(web.randomElement(using: &random))
          #expect(try client.query("PUT /k\(key)", body: bytes(value)).status == 204)
        } else {
          let client = try #require(resp.randomElement(using: &random))
          #expect(try client.query("SET", "k\(key)", value) == .simple("OK"))
        }
        latest[key] = value
      }
      let client = try #require(web.randomElement(using: &random))
      #expect(try client.query("GET /k\(key)").text == latest[key])
      let other = try #require(resp.randomElement(using: &random))
      #expect(try other.query("GET", "k\(key)").text == latest[key])
      if step % 20 > 0 { continue }
      for (reader, requests) in expected.enumerated() {
        for (key, oldest) in requests {
          let value = try #require(Int(try readers[reader].receive().text))
          #expect(value >= oldest, "k\(key) was older than what had been answered")
        }
        expected[reader] = []
      }
    }
  }

  @Test func `readers of one cold key on both fronts cost Redis one GET`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "cold", "value")
    let web = try (0..<250).map { _ in try stack.connect() }
    let resp = try (0..<250).map { _ in try stack.connectRESP() }
    // The links are there, and nothing else has to be asked.
    #expect(try web[0].query("GET /other").status == 404)
    #expect(try resp[0].query("GET", "another").text == nil)
    _ = try stack.server.query("CONFIG", "RESETSTAT")
    stack.server.pause()
    for client in web { try client.send("GET /cold HTTP/1.1\r\nHost: a\r\n\r\n") }
    for client in resp { try client.send(["GET", "cold"]) }
    #expect(eventually { stack.readsUnderWay == 500 })
    stack.server.resume()
    for client in web { #expect(try client.receive().text == "value") }
    for client in resp { #expect(try client.receive().text == "value") }
    let statistics = try #require(try stack.server.query("INFO", "commandstats").text)
    #expect(statistics.contains("cmdstat_get:calls=1,"))
  }
}

extension HTTPStack {
  var readsUnderWay: Int {
    let proxy = proxy
    return loops.reduce(0) { sum, loop in
      sum + (loop.perform { proxy.worker(on: $0)?.underWay.reads ?? 0 } ?? 0)
    }
  }
}
