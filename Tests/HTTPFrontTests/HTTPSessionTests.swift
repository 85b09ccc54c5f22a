import Glibc
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPSessionTests {
  @Test func `a value comes from Redis once, and then from memory`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "a/b", "hello")
    let client = try stack.connect()
    let first = try client.query("GET /a/b")
    #expect(first.status == 200 && first.text == "hello")
    #expect(first["Cache-Status"] == "proxyd; fwd=miss; stored" && first["Age"] == nil)
    for line in ["GET /a/b", "GET /get?key=a%2Fb"] {
      let reply = try client.query(line)
      #expect(reply.status == 200 && reply.text == "hello" && reply["Age"] == "0")
      #expect(reply["Cache-Status"]?.hasPrefix("proxyd; hit; ttl=") == true)
      #expect(reply["ETag"] == first["ETag"])
      #expect(reply["Content-Type"] == "text/plain; charset=utf-8")
    }
    let head = try client.query("HEAD /a/b")
    #expect(head.status == 200 && head["Content-Length"] == "5")
    #expect(try client.query("GET /a/b", ["Accept: application/json"]).text.contains("\"hello\""))
    #expect(stack.proxy.counters.flights.load(ordering: .relaxed) == 1)
  }

  @Test func `the time to live that is told is the shorter one`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.timeToLive = .seconds(200) })
    _ = try stack.server.query("SET", "long", "x")
    _ = try stack.server.query("SET", "short", "x", "EX", "100")
    let client = try stack.connect()
    for (key, range) in [("long", 190...200), ("short", 90...100)] {
      _ = try client.query("GET /\(key)")
      let status = try #require(try client.query("GET /\(key)")["Cache-Status"])
      let left = try #require(Int(status.split(separator: "ttl=").last ?? ""))
      #expect(range.contains(left), "\(key): \(left)")
    }
  }

  @Test func `what is no value is told`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("RPUSH", "list", "x")
    let client = try stack.connect()
    for _ in 0..<2 {
      let absent = try client.query("GET /absent")
      #expect(absent.status == 404 && absent.text == "no such key\n")
      #expect(try client.query("HEAD /absent").status == 404)
      let reply = try client.query("GET /list")
      #expect(reply.status == 409 && reply["Retry-After"] == nil)
    }
    #expect(try client.query("GET /get").status == 400)
    #expect(try client.query("POST /a", body: bytes("x")).status == 405)
    let options = try client.query("OPTIONS /a")
    #expect(options.status == 204 && options["Allow"] == "GET, HEAD, OPTIONS, PUT, DELETE")
    // As all of that was, the connection is still in step.
    #expect(try client.query("GET /absent").status == 404)
  }

  @Test func `conditions and ranges hold for what comes from Redis and from memory alike`() throws {
    let stack = try HTTPStack()
    let client = try stack.connect()
    for size in [10, 9_000, 200_000] {
      let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 % 251) }
      let tag = try #require(
        try client.query("PUT /k", body: value).status == 204
          ? client.query("GET /k")["ETag"] : nil)
      for isCold in [false, true] {
        func query(_ field: String) throws -> HTTPReply {
          if isCold { #expect(try client.query("PUT /k", body: value).status == 204) }
          return try client.query("GET /k", [field])
        }
        #expect(try query("If-None-Match: \(tag)").status == 304)
        #expect(try query("If-None-Match: \"x\"").body == value)
        #expect(try query("If-Match: \"0000000000000000\"").status == 412)
        let part = try query("Range: bytes=2-5")
        #expect(part.status == 206 && part.body == Array(value[2...5]))
        #expect(part["Content-Range"] == "bytes 2-5/\(size)")
        #expect(try query("Range: bytes=\(size)-").status == 416)
        #expect(try query("Range: bytes=-3").body == Array(value.suffix(3)))
      }
    }
  }

  @Test func `pipelines are answered in order, however they are cut`() throws {
    let stack = try HTTPStack()
    var random = SeededGenerator.forTest()
    let values = (0..<20).map { "value \($0)" + String(repeating: "x", count: $0 * $0 * 40) }
    for (number, value) in values.enumerated() where number % 4 != 0 {
      _ = try stack.server.query("SET", "k\(number)", value)
    }
    for _ in 0..<30 {
      let client = try stack.connect()
      var pipeline: [UInt8] = []
      var expected: [(isHead: Bool, status: Int, text: String?)] = []
      for _ in 0..<Int.random(in: 1...60, using: &random) {
        let number = Int.random(in: 0..<20, using: &random)
        let isHead = Int.random(in: 0..<5, using: &random) == 0
        let body = Int.random(in: 0..<6, using: &random) == 0 ? "a body that nobody wants" : ""
        let framing = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        pipeline += "\(isHead ? "HEAD" : "GET") /k\(number) HTTP/1.1\r\nHost: a\r\n".utf8
        pipeline += "\(framing)\r\n\(body)".utf8
        let isThere = number % 4 != 0
        expected.append(
          (isHead, isThere ? 200 : 404, isHead ? "" : isThere ? values[number] : nil))
      }
      var rest = pipeline[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...2_000, using: &random))
        try client.send(bytes: Array(piece))
        rest = rest.dropFirst(piece.count)
      }
      client.finish()
      for (isHead, status, text) in expected {
        let reply = try client.receive(isHead: isHead)
        #expect(reply.status == status)
        if let text { #expect(reply.text == text) }
      }
      #expect(try client.isAtEnd())
      // Some of them begin with what is cold.
      if Bool.random(using: &random) { _ = try stack.connectRESP().query("SET", "k1", values[1]) }
    }
    #expect(stack.becomesQuiet())
  }

  @Test func `connections end when their clients say so`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "k", "v")
    for _ in 0..<2 {
      for (head, connection) in [
        ("GET /k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
        ("GET /k HTTP/1.0\r\n\r\n", "close"),
      ] {
        let client = try stack.connect()
        try client.send(head + "GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        let reply = try client.receive()
        #expect(reply.text == "v" && reply["Connection"] == connection)
        #expect(try client.isAtEnd())
      }
      let client = try stack.connect()
      for _ in 0..<2 {
        try client.send("GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.receive()["Connection"] == "keep-alive")
      }
      try client.send("GET /k HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /k")
      #expect(try client.receive().status == 400)
      #expect(try client.isAtEnd())
      _ = try stack.connectRESP().query("SET", "k", "v")
    }
  }

  @Test func `bodies wait for 100 Continue, and too large ones are not waited for`() throws {
    let stack = try HTTPStack()
    let client = try stack.connect()
    for method in ["PUT", "GET"] {
      try client.send(
        "\(method) /k HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
      #expect(try client.receiveHead().status == 100)
      try client.send("hello")
      #expect(try client.receive().status == (method == "PUT" ? 204 : 200))
    }
    #expect(try client.query("GET /k").text == "hello")
    // Nobody has to send a body in vain.
    for line in ["POST /k", "GET /get", "PUT /k?ttl=x"] {
      let client = try stack.connect()
      try client.send(
        "\(line) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
      #expect([405, 400].contains(try client.receive().status))
      #expect(try client.isAtEnd())
    }
    for length in [Limits.httpBodyDiscardedMax + 1, Limits.httpBodyBytesMax + 1] {
      let client = try stack.connect()
      try client.send("GET /k HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
      #expect(try client.receive().status == 413)
      #expect(try client.isAtEnd())
    }
  }

  @Test func `what is written is read, by either front`() throws {
    let stack = try HTTPStack()
    let client = try stack.connect()
    let other = try stack.connectRESP()
    for size in [0, 1, 60_000, 70_000, 3_000_000] {
      let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 % 253) }
      #expect(try client.query("PUT /k", body: value).status == 204)
      #expect(try client.query("GET /k").body == value)
      #expect(try other.query("GET", "k") == .bulk(value))
      #expect(try stack.server.query("GET", "k") == .bulk(value))
      try client.send("PUT /c?ttl=100 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      for piece in [value.prefix(size / 3), value.dropFirst(size / 3)] where !piece.isEmpty {
        try client.send(bytes: Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece)
        try client.send("\r\n")
      }
      try client.send("0\r\n\r\n")
      #expect(try client.receive().status == 204)
      #expect(try client.query("GET /c").body == value)
      guard case .integer(let left) = try stack.server.query("TTL", "c") else {
        Issue.record("no time to live")
        continue
      }
      #expect((50...100).contains(left))
      #expect(try client.query("DELETE /c").status == 204)
      #expect(try client.query("GET /c").status == 404)
      #expect(try client.query("DELETE /c").status == 404)
    }
    #expect(stack.becomesQuiet())
  }

  @Test func `writes are off unless they are turned on`() throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.settings.allowsWrites = false })
    let client = try stack.connect()
    #expect(try client.query("PUT /k", body: bytes("x")).status == 405)
    #expect(try client.query("DELETE /k").status == 405)
    #expect(try stack.server.query("EXISTS", "k") == .integer(0))
  }

  @Test func `clients that vanish leave nothing behind`() throws {
    let stack = try HTTPStack()
    stack.server.pause()
    for number in 0..<40 {
      let client = try stack.connect()
      let long = "Content-Length: 500000\r\n\r\nbegin"
      try client.send("\(number % 2 == 0 ? "GET" : "PUT") /v\(number) HTTP/1.1\r\nHost: a\r\n")
      try client.send(number % 3 == 0 ? "" : number % 2 == 0 ? "\r\n" : long)
    }
    stack.server.resume()
    #expect(stack.becomesQuiet())
    #expect(try stack.connect().query("GET /v1").status == 404)
  }
}
