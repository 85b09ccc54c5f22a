import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPFaultTests {
  @Test func `Redis away is 503, and back is no matter`() throws {
    let stack = try HTTPStack()
    let client = try stack.connect()
    #expect(try client.query("PUT /k", body: bytes("v")).status == 204)
    stack.server.stop()
    for request in ["GET /other", "GET /k"] {
      #expect(
        try eventually {
          let reply = try client.query(request)
          return reply.status == 503 && reply["Retry-After"] == "1"
        })
    }
    #expect(try client.query("PUT /k", body: bytes("w")).status == 503)
    #expect(try client.query("DELETE /k").status == 503)
    try stack.server.restart()
    #expect(try eventually { try client.query("PUT /k", body: bytes("x")).status == 204 })
    // Reading has a link of its own, which may be back a little later.
    var reply = HTTPReply()
    #expect(
      try eventually {
        reply = try client.query("GET /k")
        return reply.status != 503
      })
    #expect(reply.text == "x")
  }

  @Test func `a Redis that does not answer in time is 504`() throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.redisTimeout = .milliseconds(200) })
    let client = try stack.connect()
    #expect(try eventually { try client.query("PUT /k", body: bytes("v")).status == 204 })
    #expect(try eventually { try client.query("GET /k").text == "v" })
    stack.server.pause()
    #expect(try client.query("GET /other").status == 504)
    #expect(try client.query("GET /k").text == "v")
    #expect(try client.query("PUT /k", body: bytes("w")).status == 504)
    // While it is not known whether it was done, memory does not say that it was not.
    #expect(try client.query("GET /k").status == 504)
    // A large one, and no other response behind its own.
    let large = [UInt8](repeating: 120, count: 500_000)
    #expect(try client.query("PUT /large", body: large).status == 504)
    #expect(try client.query("GET /other").status == 504)
    stack.server.resume()
    #expect(try eventually { try client.query("GET /k").text == "w" })
    #expect(stack.becomesQuiet())
  }

  @Test func `an error of Redis is 502`() throws {
    let stack = try HTTPStack()
    let client = try stack.connect()
    #expect(try client.query("PUT /k", body: bytes("v")).status == 204)
    _ = try stack.server.query("CONFIG", "SET", "maxmemory", "1")
    for size in [1, 100_000] {
      let reply = try client.query("PUT /k", body: Array(repeating: 120, count: size))
      #expect(reply.status == 502 && reply.text.hasPrefix("OOM "), "\(reply)")
    }
    #expect(try client.query("GET /k").text == "v")
  }

  @Test func `the limiter's refusals are 503 with Retry-After`() throws {
    let stack = try HTTPStack(
      RedisServer(),
      settings: {
        $0.permits = 1
        $0.queueLimit = 0
      })
    let waiting = try stack.connect()
    #expect(try waiting.query("GET /a").status == 404)
    stack.server.pause()
    try waiting.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(eventually { stack.proxy.limiter.counts.permitsInUse == 1 })
    let client = try stack.connect()
    for request in ["GET /c", "PUT /a", "DELETE /a"] {
      let reply = try client.query(request)
      #expect(reply.status == 503 && reply["Retry-After"] == "1")
    }
    stack.server.resume()
    #expect(try waiting.receive().status == 404)
    #expect(try client.query("GET /c").status == 404)
  }

  @Test func `writes stand in line for a permit too, and are done in their turn`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.permits = 1 })
    let (first, second) = (try stack.connect(), try stack.connect())
    let reader = try stack.connect()
    #expect(try first.query("PUT /k", body: bytes("before")).status == 204)
    stack.server.pause()
    try reader.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(eventually { stack.proxy.limiter.counts.permitsInUse == 1 })
    try first.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nafter")
    #expect(eventually { stack.proxy.limiter.counts.waiting == 1 })
    try second.send("DELETE /other HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(eventually { stack.proxy.limiter.counts.waiting == 2 })
    // Who leaves the line takes no permit along.
    let gone = try stack.connect()
    try gone.send("PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ngone")
    #expect(eventually { stack.proxy.limiter.counts.waiting == 3 })
    _ = consume gone
    stack.server.resume()
    #expect(try reader.receive().status == 404)
    #expect(try first.receive().status == 204)
    #expect(try second.receive().status == 404)
    #expect(eventually { stack.proxy.limiter.counts.permitsInUse == 0 })
    #expect(["after", "gone"].contains(try reader.query("GET /k").text))
    #expect(stack.becomesQuiet())
  }

  @Test func `a write that has stood in line for too long is refused, and not done`() throws {
    let stack = try HTTPStack(
      RedisServer(),
      settings: {
        $0.permits = 1
        $0.queueTimeout = .milliseconds(200)
      })
    let (reader, writer) = (try stack.connect(), try stack.connect())
    #expect(try writer.query("PUT /k", body: bytes("v")).status == 204)
    stack.server.pause()
    try reader.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(eventually { stack.proxy.limiter.counts.permitsInUse == 1 })
    for request in ["PUT /k", "DELETE /k"] {
      let reply = try writer.query(request, body: request == "PUT /k" ? bytes("w") : nil)
      #expect(reply.status == 503 && reply["Retry-After"] == "1", "\(reply)")
    }
    stack.server.resume()
    #expect(try reader.receive().status == 404)
    #expect(try writer.query("GET /k").text == "v")
    #expect(stack.becomesQuiet())
  }

  @Test func `a request that comes byte by byte is closed with 408`() throws {
    let stack = try HTTPStack(
      RedisServer(),
      options: {
        $0.headMax = .milliseconds(300)
        $0.bodyPeriod = .milliseconds(300)
      })
    for start in [
      "", "GET /k HTTP/1.1\r\nHost: a\r\n\r\n",
      "PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n",
      "PUT /k HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n",
      "GET /k HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n",
    ] {
      let client = try stack.connect()
      try client.send(start)
      if start.hasPrefix("GET") && !start.contains("Content") { _ = try client.receive() }
      repeat { try client.send("x") } while !client.isReadable(withinMilliseconds: 20)
      #expect(try client.receive().status == 408)
    }
    #expect(stack.becomesQuiet())
  }

  @Test func `an idle connection is closed without a word`() throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.idleMax = .milliseconds(200) })
    let silent = try stack.connect()
    #expect(try silent.isAtEnd())
    let client = try stack.connect()
    #expect(try client.query("GET /k").status == 404)
    #expect(try client.isAtEnd())
  }

  @Test func `a client that does not read its answers is closed`() throws {
    let stack = try HTTPStack(RedisServer(), options: { $0.outputBytesMax = 4 << 20 })
    let client = try stack.connect()
    let value = [UInt8](repeating: 120, count: 500_000)
    #expect(try client.query("PUT /k", body: value).status == 204)
    #expect(try client.query("GET /k").body == value)
    let request = Array("GET /k HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    // Far more than sockets hold on their way; until then nothing is read.
    var isClosed = false
    for _ in 0..<20_000 where !isClosed {
      isClosed = (try? client.send(bytes: request)) == nil
      usleep(1_000)
    }
    #expect(isClosed)
    #expect(throws: ToolError.self) { for _ in 0..<200 { _ = try client.receive() } }
  }

  @Test func `a slow reader is served, and one that has stopped is not waited for`() throws {
    let stack = try HTTPStack(
      RedisServer(),
      options: {
        $0.idleMax = .milliseconds(1_500)
        $0.deliveryPeriod = .milliseconds(1_500)
      })
    _ = try stack.server.query("SETRANGE", "big", "30000000", "x")
    let slow = try stack.connect()
    let stopped = try stack.connect()
    for client in [slow, stopped] {
      try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.receiveHead().status == 200)
    }
    // More slowly than the period allows for the whole, and never without a piece in one.
    for _ in 0..<100 {
      try slow.skip(300_000)
      usleep(40_000)
    }
    try slow.skip(1)
    #expect(stack.becomesQuiet())
    #expect(throws: ToolError.self) { try stopped.skip(30_000_001) }
  }

  /// Not twice as long, which is when a timer of that length looks again.
  @Test(arguments: [30_000_000, 900_000])
  func `one that has stopped is closed when its time is over`(_ size: Int) throws {
    let patience = Duration.seconds(3)
    let stack = try HTTPStack(
      RedisServer(),
      options: {
        $0.idleMax = patience
        $0.deliveryPeriod = patience
      })
    _ = try stack.server.query("SETRANGE", "big", "\(size - 1)", "x")
    let stopped = try stack.connect()
    // Small ones come from memory: more of them than the kernel takes.
    let count = size > 1 << 20 ? 1 : 40
    for _ in 0..<count { try stopped.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n") }
    #expect(try stopped.receiveHead().status == 200)
    let start = ContinuousClock.now
    #expect(eventually { stack.proxy.clients.count(.http) == 0 })
    let waited = ContinuousClock.now - start
    #expect(waited > patience * 0.8 && waited < patience * 1.8, "\(waited)")
  }

  @Test func `who is too many is told, and whoever comes when one has gone is served`() throws {
    let stack = try HTTPStack(RedisServer(), settings: { $0.clientsMax = 2 })
    let resp = try stack.connectRESP()
    #expect(try resp.query("PING") == .simple("PONG"))
    do {
      let client = try stack.connect()
      #expect(try client.query("GET /k").status == 404)
      #expect(stack.proxy.clients.count(.http) == 1)
      let excess = try stack.connect()
      let reply = try excess.receive()
      #expect(reply.status == 503 && reply.text.contains("MAX_CLIENTS"))
      #expect(try excess.isAtEnd())
    }
    #expect(eventually { stack.proxy.clients.count(.http) == 0 })
    #expect(try stack.connect().query("GET /k").status == 404)
  }

  @Test func `without a password only this machine is served`() {
    let other = SocketAddress(numeric: "192.0.2.1", port: 1)
    var options = HTTPOptions()
    #expect(options.serves(.loopback()) && !options.serves(other) && !options.serves(nil))
    options.isProtected = false
    #expect(options.serves(other))
    options.isProtected = true
    options.settings.password = bytes("x")
    #expect(options.serves(other))
  }

  @Test func `past the sum of unfinished bodies, who has sent most is refused and told why`() throws
  {
    let stack = try HTTPStack(RedisServer(), loops: 2, settings: { $0.inputBytesMax = 24 << 20 })
    let head = "PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunk = bytes("100000\r\n") + [UInt8](repeating: 120, count: 1 << 20) + bytes("\r\n")
    let modest = try (0..<3).map { _ in try stack.connect() }
    for client in modest {
      try client.send(head)
      try client.send(bytes: chunk)
    }
    let greedy = try stack.connect()
    try greedy.send(head)
    for _ in 0..<30 where !greedy.isReadable(withinMilliseconds: 0) {
      if (try? greedy.send(bytes: chunk)) == nil { break }
    }
    let reply = try greedy.receive()
    #expect(reply.status == 503 && reply["Connection"] == "close")
    #expect(reply.text.contains("CLIENT_INPUT_MAX"), "\(reply.text)")
    for client in modest {
      try client.send("0\r\n\r\n")
      #expect(try client.receive().status == 204)
    }
    #expect(try modest[0].query("GET /k").body.count == 1 << 20)
    #expect(eventually { stack.proxy.clientInput.bytes == 0 })
    #expect(stack.proxy.clientInput.closed == 1)
  }
}
