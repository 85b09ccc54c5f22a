import Glibc
import TestSupport
import Testing

/// SIGTERM: what is under way is finished, and nothing is begun.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct EndingTests {
  @Test func `requests in flight are answered, and nobody else is let in`() throws {
    let proxyd = try Proxyd()
    let http = try HTTPConnection(port: proxyd.httpPort)
    let resp = try proxyd.connect()
    #expect(try resp.query("SET", "a", "1") == .simple("OK"))
    let idle = try proxyd.connect()
    #expect(try idle.query("PING") == .simple("PONG"))
    let idleHTTP = try HTTPConnection(port: proxyd.httpPort)
    #expect(try idleHTTP.get("/absent").status == 404)
    proxyd.redis.pause()
    try http.send("GET", "/a")
    try resp.send(["INCR", "a"])
    try poll("both are under way") { proxyd.requestsUnderWay == 2 }
    proxyd.signal(SIGTERM)
    // Who has nothing under way is sent home at once.
    #expect(throws: ToolError.self) { try idle.receive() }
    #expect(throws: ToolError.self) { try idleHTTP.receive() }
    try poll("nobody is let in") { (try? proxyd.connect()) == nil }
    #expect(proxyd.isRunning)
    proxyd.redis.resume()
    #expect(try resp.receive() == .integer(2))
    let response = try http.receive()
    #expect(response.status == 200 && ["1", "2"].contains(response.body))
    #expect(response.head.contains("\r\nConnection: close"))
    #expect(throws: ToolError.self) { try resp.receive() }
    #expect(proxyd.wait() == 0)
    #expect(proxyd.log.contains("SIGTERM: no new clients, and 10 s for requests in flight\n"))
  }

  @Test func `a pipeline that has come is executed to its end`() throws {
    let proxyd = try Proxyd()
    let client = try proxyd.connect()
    proxyd.redis.pause()
    let count = 1_000
    let pipeline = (0..<count).flatMap { _ in RESPConnection.encode(["INCR", "n"]) }
    try client.send(bytes: pipeline)
    try poll("the pipeline is under way") { proxyd.requestsUnderWay > 0 }
    proxyd.signal(SIGTERM)
    try poll("it ends") { proxyd.log.contains("SIGTERM") }
    proxyd.redis.resume()
    for number in 1...count { #expect(try client.receive() == .integer(number)) }
    #expect(proxyd.wait() == 0)
  }

  @Test func `HTTP clients that ask for one thing after the other are told with a response`() throws
  {
    // A client that the machine lets wait for too long is sent home unasked, so that this may be tried again.
    var unanswered: [Int] = []
    for _ in 0..<5 {
      unanswered.append(try requestsWithoutResponse())
      if unanswered.last == 0 { return }
    }
    Issue.record("requests that were not answered, of 60 clients: \(unanswered)")
  }

  private func requestsWithoutResponse() throws -> Int {
    let proxyd = try Proxyd()
    #expect(try proxyd.connect().query("SET", "a", "1") == .simple("OK"))
    var clients = try (0..<60).map { _ in try HTTPConnection(port: proxyd.httpPort) }
    for round in 0..<10 {
      for client in clients {
        let response = try client.get("/a")
        #expect(response.status == 200 && !response.head.contains("Connection: close"))
      }
      if round == 9 { proxyd.signal(SIGTERM) }
    }
    var unanswered = 0
    while !clients.isEmpty {
      var staying: [HTTPConnection] = []
      for client in clients {
        guard let response = try? client.get("/a") else {
          unanswered += 1
          continue
        }
        #expect(response.status == 200)
        if !response.head.contains("Connection: close") { staying.append(client) }
      }
      clients = staying
    }
    #expect(proxyd.wait() == 0)
    return unanswered
  }

  @Test func `what has come before the signal is executed, read or not`() throws {
    let proxyd = try Proxyd()
    let clients = try (0..<20).map { _ in try proxyd.connect() }
    let http = try (0..<20).map { _ in try HTTPConnection(port: proxyd.httpPort) }
    for client in clients { #expect(try client.query("PING") == .simple("PONG")) }
    for client in http { #expect(try client.get("/absent").status == 404) }
    proxyd.signal(SIGSTOP)
    let count = 3_000
    let pipeline = (0..<count).flatMap { _ in RESPConnection.encode(["INCR", "n"]) }
    for client in clients { try client.send(bytes: pipeline) }
    for client in http { try client.send(raw: pipelined + pipelined) }
    proxyd.signal(SIGTERM)
    proxyd.signal(SIGCONT)
    for client in clients {
      for _ in 0..<count {
        guard case .integer = try client.receive() else { throw ToolError("no number") }
      }
    }
    for client in http {
      for _ in 0..<4 { #expect(try client.receive().status == 404) }
    }
    #expect(proxyd.wait() == 0)
    let total = 20 * count
    #expect(try proxyd.redis.query("GET", "n") == .bulk(Array("\(total)".utf8)))
  }

  private var pipelined: String {
    "GET /absent HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"
  }

  @Test func `a blocked client and a subscriber are not waited for`() throws {
    let proxyd = try Proxyd()
    let blocked = try proxyd.connect()
    try blocked.send(["BLPOP", "nothing", "0"])
    let subscriber = try proxyd.connect()
    _ = try subscriber.query("SUBSCRIBE", "channel")
    try poll("the client is blocked") {
      try proxyd.redis.query("INFO", "clients").text?.contains("blocked_clients:1\r\n") == true
    }
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(!proxyd.log.contains("cut off"))
    #expect(throws: ToolError.self) { try blocked.receive() }
  }

  @Test func `who takes too long is cut off`() throws {
    let proxyd = try Proxyd(["--drain-timeout", "0.1"])
    let client = try proxyd.connect()
    proxyd.redis.pause()
    try client.send(["INCR", "a"])
    try poll("it is under way") { proxyd.requestsUnderWay == 1 }
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(proxyd.log.contains("DRAIN_TIMEOUT: 1 clients are cut off\n"))
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a second signal ends it at once`(_ second: Int32) throws
  {
    let proxyd = try Proxyd(["--drain-timeout", "3600"])
    let client = try proxyd.connect()
    proxyd.redis.pause()
    try client.send(["INCR", "a"])
    try poll("it is under way") { proxyd.requestsUnderWay == 1 }
    proxyd.signal(SIGTERM)
    try poll("it waits") { proxyd.log.contains("SIGTERM: no new clients") }
    #expect(proxyd.end(by: second) == 128 + SIGTERM)
  }
}

extension Proxyd {
  /// How many requests wait for Redis or a permit.
  fileprivate var requestsUnderWay: Int {
    (figure("proxy_permits_in_use") ?? 0) + (figure("proxy_waiters") ?? 0)
  }
}
