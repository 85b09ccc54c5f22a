import ProxyCore
import TestSupport
import Testing

@testable import HTTP
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

  static let stale = "proxyd; fwd=stale; detail=redis-away"

  @Test func `a last known value is called stale, and says how old it is`() throws {
    let stack = try HTTPStack(
      RedisServer(), settings: { $0.staleIfError = .seconds(600) },
      options: { $0.settings.maxAgeSeconds = 60 })
    // Enough of both that some keys are at home where their client is, and others are not.
    let clients = try (0..<4).map { _ in try stack.connect() }
    let targets = (0..<8).map { "/k\($0)" }
    for target in targets {
      #expect(try clients[0].query("PUT \(target)", body: bytes("v")).status == 204)
    }
    let asked = Moment.now
    for target in targets { #expect(try clients[0].query("GET \(target)").text == "v") }
    let answered = Moment.now
    stack.server.stop()
    for target in targets {
      for client in clients {
        var reply = HTTPReply()
        var (before, after) = (asked, asked)
        // Zero would be right of any value at first.
        let isOld = try eventually {
          before = .now
          reply = try client.query("GET \(target)")
          after = .now
          return reply["Cache-Status"] == Self.stale && reply["Age"].flatMap { Int($0) } ?? 0 >= 2
        }
        #expect(isOld && reply.status == 200 && reply.text == "v", "\(reply)")
        // The loop's own clock may have stopped a moment before this one.
        let ages = before.since(answered) - .seconds(2)...after.since(asked)
        #expect(ages.contains(.seconds(reply["Age"].flatMap { Int($0) } ?? 0)), "\(reply) \(ages)")
        // With the age, others keep it no longer than if they had got it before Redis went away.
        #expect(reply["Cache-Control"] == "max-age=60" && reply["Warning"] == nil)
      }
    }
  }

  @Test func `every form of a last known value is told as one, until Redis is back`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.staleIfError = .seconds(600) })
    let client = try stack.connect()
    #expect(try client.query("PUT /k", body: bytes("value")).status == 204)
    let large = [UInt8](repeating: 120, count: 500_000)
    #expect(try client.query("PUT /large", body: large).status == 204)
    #expect(try client.query("GET /large").body == large)
    #expect(try client.query("GET /absent").status == 404)
    let tag = try #require(try client.query("GET /k")["ETag"])
    stack.server.stop()
    for (line, fields, status) in [
      ("GET /k", [], 200), ("HEAD /k", [], 200), ("GET /k", ["Range: bytes=1-2"], 206),
      ("GET /k", ["Accept: application/json"], 200), ("GET /k", ["If-None-Match: \(tag)"], 304),
      ("GET /k", ["If-Match: \"other\""], 412), ("GET /k", ["Range: bytes=9-"], 416),
      ("GET /large", [], 200), ("GET /absent", [], 404),
    ] {
      var reply = HTTPReply()
      let isStale = try eventually {
        reply = try client.query(line, fields)
        return reply["Cache-Status"] == Self.stale
      }
      #expect(isStale && reply.status == status, "\(line) \(fields): \(reply)")
      #expect(reply["Age"].flatMap { Int($0) } ?? -1 >= 0, "\(reply)")
    }
    #expect(try client.query("GET /never-read").status == 503)
    try stack.server.restart()
    var reply = HTTPReply()
    #expect(
      try eventually {
        reply = try client.query("GET /k")
        return reply["Cache-Status"] != Self.stale && reply.status != 503
      })
    // It is another server's memory, and that is empty.
    #expect(reply.status == 404 && reply["Age"] == nil, "\(reply)")
    // Until the link is back that fetches what is kept, Redis is asked over another.
    #expect(reply["Cache-Status"]?.hasPrefix("proxyd; fwd=miss") == true, "\(reply)")
    let isKept = try eventually {
      reply = try client.query("GET /k")
      return reply["Cache-Status"]?.hasPrefix("proxyd; hit") == true
    }
    #expect(isKept && reply.status == 404, "\(reply)")
  }

  @Test func `tags are the same before one Redis, and nobody else can tell them`() throws {
    let server = try RedisServer()
    func tags(_ stack: HTTPStack) throws -> [String?] {
      let client = try stack.connect()
      let large = [UInt8](repeating: 120, count: 500_000)
      #expect(try client.query("PUT /k", body: bytes("value")).status == 204)
      #expect(try client.query("PUT /large", body: large).status == 204)
      // As it comes, and from memory.
      return try ["/k", "/k", "/large", "/large"].map { try client.query("GET \($0)")["ETag"] }
    }
    let first = try tags(HTTPStack(server))
    #expect(first[0] != nil && first[0] == first[1] && first[2] != nil && first[2] == first[3])
    #expect(try tags(HTTPStack(server)) == first)
    let others = try tags(HTTPStack(RedisServer()))
    #expect(others[0] != nil && others[0] != first[0] && others[2] != first[2])
  }
}
