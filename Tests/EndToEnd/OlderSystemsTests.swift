import Glibc
import TestSupport
import Testing

/// What the older systems of this kind offered works here: each test is named after it.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct OlderSystemsTests {
  @Test func `GET by get with a key in the query, and 404`() throws {
    let proxyd = try Proxyd()
    try proxyd.redis.query("SET", "a key", "its value")
    let http = try HTTPConnection(port: proxyd.httpPort)
    for target in ["/get?key=a+key", "/get?key=a%20key"] {
      let response = try http.get(target)
      #expect(response.status == 200 && response.body == "its value")
    }
    #expect(try http.get("/get?key=absent").status == 404)
    #expect(try http.get("/get").status == 400)
  }

  @Test func `GET by the key as the path`() throws {
    let proxyd = try Proxyd()
    try proxyd.redis.query("SET", "key", "value")
    try proxyd.redis.query("SET", "a/b c", "deep")
    let http = try HTTPConnection(port: proxyd.httpPort)
    #expect(try http.get("/key").body == "value")
    #expect(try http.get("/a/b%20c").body == "deep")
    #expect(try http.get("/absent").status == 404)
  }

  @Test func `capacity 3 by environment, with eviction seen from outside`() throws {
    let proxyd = try Proxyd(variables: ["CACHE_CAPACITY=3"])
    for key in ["a", "b", "c", "d"] { try proxyd.redis.query("SET", key, key) }
    let http = try HTTPConnection(port: proxyd.httpPort)
    for key in ["a", "b", "c"] { #expect(try !http.isHit(key)) }
    for key in ["a", "b", "c", "a"] { #expect(try http.isHit(key)) }
    // The one that was used longest ago goes.
    #expect(try !http.isHit("d"))
    for key in ["a", "c", "d"] { #expect(try http.isHit(key)) }
    #expect(try !http.isHit("b"))
    #expect(proxyd.figure("proxy_cache_evictions") == 2)
    #expect(proxyd.figure("proxy_cache_entries") == 3)
  }

  @Test func `capacity 0 by environment keeps nothing`() throws {
    let proxyd = try Proxyd(variables: ["CACHE_CAPACITY=0"])
    try proxyd.redis.query("SET", "a", "1")
    let http = try HTTPConnection(port: proxyd.httpPort)
    let resp = try proxyd.connect()
    for _ in 0..<3 {
      #expect(try !http.isHit("a"))
      #expect(try resp.query("GET", "a").text == "1")
    }
    #expect(proxyd.figure("proxy_cache_entries") == 0 && proxyd.figure("proxy_cache_hits") == 0)
  }

  @Test func `TTL by environment, with expiry seen from outside`() throws {
    let proxyd = try Proxyd(variables: ["CACHE_TTL=0.2"])
    try proxyd.redis.query("SET", "a", "1")
    let http = try HTTPConnection(port: proxyd.httpPort)
    #expect(try !http.isHit("a"))
    try poll("it is kept for a while") { try http.isHit("a") }
    try poll("and not for ever") { try !http.isHit("a") }
    #expect(try http.get("/a").body == "1")
  }

  @Test func `another port by environment, for start, restart and stop`() throws {
    let redis = try RedisServer()
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let ports = try (0..<5).map { _ in try Loopback.freePort() }
    func service(_ action: String, http: UInt16, resp: UInt16) throws -> (Int32, String) {
      let (status, output) = try Proxyd.run(
        program: SourceTree.path("scripts/service.sh"), [action],
        variables: [
          "HTTP_PORT=\(http)", "RESP_PORT=\(resp)", "ADMIN_PORT=\(ports[4])",
          "REDIS_URL=redis://127.0.0.1:\(redis.port)",
          "PROXYD=\(Proxyd.path())", "RUN_DIR=\(directory)",
        ])
      return (status, output)
    }
    defer { _ = try? service("stop", http: ports[0], resp: ports[1]) }
    let (status, output) = try service("start", http: ports[0], resp: ports[1])
    #expect(status == 0 && output.contains("curl http://127.0.0.1:\(ports[0])/greeting"))
    #expect(output.contains("curl http://127.0.0.1:\(ports[4])/metrics"))
    #expect(try HTTPConnection(port: ports[4]).get("/healthz").status == 200)
    try redis.query("SET", "greeting", "hello")
    #expect(try HTTPConnection(port: ports[0]).get("/greeting").body == "hello")
    #expect(try service("start", http: ports[0], resp: ports[1]).0 == 1, "it runs already")
    #expect(try service("restart", http: ports[2], resp: ports[3]).0 == 0)
    #expect(try HTTPConnection(port: ports[2]).get("/greeting").body == "hello")
    #expect(throws: ToolError.self) { try HTTPConnection(port: ports[0]) }
    #expect(try service("stop", http: ports[2], resp: ports[3]).0 == 0)
    #expect(throws: ToolError.self) { try RESPConnection(port: ports[3]) }
    #expect(try redis.query("PING") == .simple("PONG"), "a Redis of somebody else's stays")
  }

  @Test func `RESP GET, SET and DEL, with several commands in one packet`() throws {
    let proxyd = try Proxyd()
    let client = try proxyd.connect()
    #expect(try client.query("SET", "a", "1") == .simple("OK"))
    #expect(try client.query("GET", "a") == .bulk("1"))
    #expect(try client.query("DEL", "a") == .integer(1))
    #expect(try client.query("GET", "a") == .bulk(nil))
    let packet = [
      ["SET", "a", "2"], ["GET", "a"], ["DEL", "a", "b"], ["GET", "a"], ["SET", "b", "3"],
    ]
    try client.send(bytes: packet.flatMap(RESPConnection.encode))
    let replies = try packet.map { _ in try client.receive() }
    #expect(replies == [.simple("OK"), .bulk("2"), .integer(1), .bulk(nil), .simple("OK")])
    try client.send(bytes: Array("GET b\r\nDEL b\r\nGET b\r\n".utf8))
    #expect(try (0..<3).map { _ in try client.receive() } == [.bulk("3"), .integer(1), .bulk(nil)])
  }

  @Test func `bounded concurrency: two in flight, the rest in order, the overflow refused`() throws
  {
    // One loop has one link, on which the order is that in which permits were given.
    let proxyd = try Proxyd(
      variables: ["MAX_CONCURRENCY=2", "MAX_QUEUE=3", "QUEUE_TIMEOUT=3600", "THREADS=1"])
    let observer = try proxyd.connect()
    func figures() -> [Int?] {
      ["permits_in_use", "waiters", "permits_refused"].map {
        proxyd.figure("proxy_\($0)", observer)
      }
    }
    let clients = try (0..<7).map { _ in try proxyd.connect() }
    for client in clients { #expect(try client.query("SET", "n", "0") == .simple("OK")) }
    proxyd.redis.pause()
    for (number, client) in clients.prefix(5).enumerated() {
      try client.send(["INCR", "n"])
      // One after the other, so that it is known who came first.
      let (inFlight, waiting) = (min(number + 1, 2), max(number - 1, 0))
      try poll("request \(number) is there") { figures() == [inFlight, waiting, 0] }
    }
    for client in clients.suffix(2) {
      #expect(
        try client.query("INCR", "n")
          == .error("ERR too many waiters: 3 wait for a permit already"))
    }
    let http = try HTTPConnection(port: proxyd.httpPort)
    let response = try http.get("/absent")
    #expect(response.status == 503 && response.head.contains("\r\nRetry-After: "))
    #expect(figures() == [2, 3, 3])
    proxyd.redis.resume()
    for (number, client) in clients.prefix(5).enumerated() {
      #expect(try client.receive() == .integer(number + 1))
    }
    #expect(figures() == [0, 0, 3])
  }

  @Test func `a background janitor reclaims what nobody asks for`() throws {
    let proxyd = try Proxyd(variables: ["CACHE_TTL=0.5"])
    let client = try proxyd.connect()
    let count = 500
    for number in 0..<count { try client.send(["GET", "key\(number)"]) }
    for _ in 0..<count { #expect(try client.receive() == .bulk(nil)) }
    let observer = try proxyd.connect()
    try poll("nothing is left") { proxyd.figure("proxy_cache_entries", observer) == 0 }
    #expect(proxyd.figure("proxy_cache_expirations", observer) == count)
    #expect(proxyd.figure("proxy_cache_bytes", observer) == 0)
  }

  @Test func `settings from a file`() throws {
    let file = try SettingsFile("# mine\nCACHE_CAPACITY=1\nPASSWORD='open sesame'\n")
    let proxyd = try Proxyd(["--config", file.path])
    let client = try proxyd.connect()
    #expect(try client.query("GET", "a").isError)
    #expect(try client.query("AUTH", "open sesame") == .simple("OK"))
    for key in ["a", "b", "c"] { #expect(try client.query("GET", key) == .bulk(nil)) }
    #expect(proxyd.figure("proxy_cache_entries", client) == 1)
  }

  @Test func `test coverage and all else by make`() throws {
    let makefile = SourceTree.path("Makefile")
    let folder = SourceTree.path("")
    let (status, output) = try Proxyd.run(program: "make", ["-C", folder, "-f", makefile, "help"])
    #expect(status == 0)
    for target in [
      "run", "start", "stop", "restart", "test", "coverage", "dist", "install", "uninstall",
      "bench-start",
    ] {
      #expect(output.contains("  make \(target) "), "\(target)")
      #expect(
        try Proxyd.run(program: "make", ["-n", "-C", folder, target]).status == 0, "\(target)")
    }
    for script in ["lib", "run", "service", "build-static", "dist", "install", "coverage"] {
      let (status, output) = try Proxyd.run(
        program: "bash", ["-n", SourceTree.path("scripts/\(script).sh")])
      #expect(status == 0 && output.isEmpty, "\(script)")
    }
  }

  @Test func `installed and taken away again, below another root`() throws {
    let root = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(root) }
    func install(_ action: String) throws -> Int32 {
      try Proxyd.run(
        program: SourceTree.path("scripts/install.sh"), [action],
        variables: ["DESTDIR=\(root)", "PREFIX=/usr", "PROGRAM=\(Proxyd.path())"]
      ).status
    }
    #expect(try install("install") == 0)
    let settings = "\(root)/etc/proxyd/proxyd.env"
    #expect(
      try Proxyd.run(program: "\(root)/usr/bin/proxyd", ["--check", "--config", settings]).status
        == 0)
    let unit = Proxyd.text(of: "\(root)/usr/lib/systemd/system/proxyd.service")
    #expect(unit.contains("\nExecStart=/usr/bin/proxyd --config /etc/proxyd/proxyd.env\n"))
    #expect(!unit.contains("@BIN@") && !unit.contains("@SETTINGS@"))
    #expect(try install("uninstall") == 0)
    #expect(try Proxyd.run(program: "find", [root, "-type", "f"]).output.isEmpty)
  }
}

extension HTTPConnection {
  /// Asks for a key and says whether it was answered from memory.
  fileprivate func isHit(_ key: String) throws -> Bool {
    let head = try get("/\(key)").head
    guard head.contains("\r\nCache-Status: proxyd; ") else { throw ToolError("no status: \(head)") }
    return head.contains("\r\nCache-Status: proxyd; hit")
  }
}
