import ProxyCore
import TestSupport
import Testing

@testable import AdminFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RouteTests {
  @Test func `every route answers GET, and HEAD without a body`() throws {
    let stack = try AdminStack()
    let client = try stack.connect()
    for (path, type) in [
      ("/metrics", "text/plain; version=0.0.4; charset=utf-8"), ("/healthz", "text/plain"),
      ("/readyz", "text/plain"), ("/stats", "application/json"), ("/", "text/html"),
      ("/metrics?x=1", "text/plain"), ("http://a/healthz", "text/plain"),
    ] {
      let reply = try client.query("GET \(path)")
      #expect(reply.status == 200 || path == "/readyz", "\(path): \(reply)")
      #expect(reply.head.contains("\r\nContent-Type: \(type)"), "\(path): \(reply.head)")
      #expect(!reply.body.isEmpty)
      #expect(reply.head.contains("\r\nCache-Control: no-store\r\n"))
      let head = try client.query("HEAD \(path)")
      #expect(head.body.isEmpty && head.head.contains("\r\nContent-Type: \(type)"))
    }
  }

  @Test func `what is not there is 404, and what cannot be done 405`() throws {
    let stack = try AdminStack()
    let client = try stack.connect()
    for path in ["/nothing", "/metrics/", "/healthz/x", "//", "/%6detrics"] {
      #expect(try client.query("GET \(path)").status == 404, "\(path)")
    }
    for method in ["POST", "DELETE", "PATCH", "WHAT"] {
      let reply = try client.query("\(method) /metrics")
      #expect(reply.status == 405, "\(method)")
      #expect(reply.head.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
    }
    #expect(try client.query("OPTIONS /metrics").status == 204)
  }

  @Test func `a body is not waited for, and the connection ends`() throws {
    let stack = try AdminStack()
    let client = try stack.connect()
    let reply = try client.query("POST /stats", "Content-Length: 100000\r\n")
    #expect(reply.status == 405 && reply.head.contains("\r\nConnection: close\r\n"))
    #expect(try client.isAtEnd())
  }

  @Test(arguments: [
    ("127.0.0.1:9380", 200), ("[::1]", 200), ("localhost", 200), ("a.localhost:1", 200),
    ("admin.example", 200), ("ADMIN.example:9380", 200), ("evil.example", 421),
    ("admin.example.evil", 421), ("127.0.0.1.evil.example", 421),
  ])
  func `a page of a stranger's cannot read by a name of its own`(
    _ host: String, _ status: Int
  ) throws {
    let stack = try AdminStack(loops: 1)
    let client = try stack.connect()
    for path in ["/metrics", "/stats", "/", "/healthz", "/nothing"] {
      let expected = status == 200 && path == "/nothing" ? 404 : status
      #expect(try client.query("GET \(path)", host: host).status == expected, "\(host) \(path)")
    }
  }

  @Test func `what is no request is told so, and the connection ends`() throws {
    let stack = try AdminStack(loops: 1)
    let long = String(repeating: "a", count: 40_000)
    for (text, status) in [
      ("GET /metrics HTTP/2.0\r\n\r\n", 505), ("GET /metrics\r\n\r\n", 400),
      ("\u{1}\u{2}\r\n\r\n", 400), ("GET /metrics HTTP/1.1\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
      ("GET /\(long) HTTP/1.1\r\n", 414), ("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n", 431),
    ] {
      let client = try stack.connect()
      try client.send(text)
      let reply = try client.receive()
      #expect(reply.status == status, "\(text.prefix(60))")
      #expect(reply.head.contains("\r\nConnection: close\r\n"))
      #expect(try client.isAtEnd())
    }
  }

  @Test func `requests are answered in order, however they are cut`() throws {
    let stack = try AdminStack()
    let client = try stack.connect()
    let paths = ["/healthz", "/metrics", "/nothing", "/stats", "/metrics", "/healthz"]
    let text = paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined()
    try client.send(text)
    func expectAll() throws {
      for path in paths {
        let reply = try client.receive()
        #expect(reply.status == (path == "/nothing" ? 404 : 200), "\(path)")
        #expect((path == "/healthz") == (reply.body == "alive\n"), "\(path)")
        #expect((path == "/metrics") == reply.body.contains("# TYPE "), "\(path)")
      }
    }
    try expectAll()
    for byte in text.utf8 { try client.send(String(UnicodeScalar(byte))) }
    try expectAll()
  }

  @Test func `whoever does not read keeps nobody else waiting, and is owed little`() throws {
    let stack = try AdminStack()
    let slow = try stack.connect()
    let text = String(repeating: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 400)
    try slow.send(text)
    for _ in 0..<20 { #expect(try stack.connect().query("GET /metrics").status == 200) }
    for number in 0..<400 { #expect(try slow.receive().status == 200, "\(number)") }
  }

  @Test func `HTTP 1.0 and Connection close end the connection after the answer`() throws {
    let stack = try AdminStack()
    for request in [
      "GET /healthz HTTP/1.0\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
      let client = try stack.connect()
      try client.send(request)
      #expect(try client.receive().status == 200)
      #expect(try client.isAtEnd())
    }
    let client = try stack.connect()
    try client.send("GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.finish()
    #expect(try client.receive().status == 200)
    #expect(try client.isAtEnd())
  }

  @Test func `there may be so many connections, and one more is told so`() throws {
    let stack = try AdminStack(loops: 1)
    var clients = try (0..<Limits.adminConnectionsMax).map { _ in try stack.connect() }
    for client in clients { #expect(try client.query("GET /readyz").status != 0) }
    let refused = try stack.connect()
    #expect(try refused.receive().status == 503)
    clients.removeLast()
    #expect(eventually { (try? stack.connect().query("GET /healthz").status) == 200 })
    // Those of the fronts are others.
    #expect(try stack.connectRESP().query("PING") == .simple("PONG"))
  }

  @Test func `the bounds hold`() { #expect(Limits.adminRelationsHold) }
}
