import Glibc
import TestSupport
import Testing

/// The admin listener and `proxyd top` of the built program.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct AdminTests {
  @Test func `it says where its metrics are, and they are there`() throws {
    let proxyd = try Proxyd()
    #expect(proxyd.log.contains(", metrics on 127.0.0.1:\(proxyd.adminPort), "))
    let client = try HTTPConnection(port: proxyd.adminPort)
    #expect(try client.get("/metrics").body.contains("proxyd_build_info{version=\"0."))
    #expect(try client.get("/healthz").status == 200)
    try poll("it is ready") { try client.get("/readyz").status == 200 }
    // Every path of the HTTP front is a key.
    #expect(try HTTPConnection(port: proxyd.httpPort).get("/metrics").status == 404)
  }

  @Test func `port 0 turns it off`() throws {
    let proxyd = try Proxyd(["--admin-port", "0"])
    #expect(!proxyd.log.contains("metrics on"))
    #expect(throws: ToolError.self) { try Loopback.connect(port: proxyd.adminPort) }
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
  }

  @Test func `a port that is taken is one line`() throws {
    let proxyd = try Proxyd()
    let (status, output) = try Proxyd.run([
      "--http-port", "0", "--resp-port", "\(Loopback.freePort())",
      "--admin-port", "\(proxyd.adminPort)",
    ])
    #expect(status == 1)
    #expect(
      output == "proxyd: ADMIN_PORT: 127.0.0.1:\(proxyd.adminPort) is in use already\n")
  }

  @Test func `it is not ready without Redis, nor while it ends, and alive all the time`() throws {
    let redis = try RedisServer()
    redis.stop()
    let proxyd = try Proxyd(["--drain-timeout", "60"], redis: redis)
    let probe = try HTTPConnection(port: proxyd.adminPort)
    try poll("it says why") {
      let reply = try probe.get("/readyz")
      return reply.status == 503
        && reply.body.hasPrefix("Redis at 127.0.0.1:\(redis.port): connection refused")
    }
    #expect(try probe.get("/healthz").status == 200)
    try redis.restart()
    try poll("it is ready") { try probe.get("/readyz").status == 200 }
    // A client that is owed an answer keeps it from ending.
    let client = try proxyd.connect()
    try poll("its link is there") { try client.query("SET", "n", "0") == .simple("OK") }
    redis.pause()
    try client.send(["INCR", "n"])
    try poll("it is under way") {
      try probe.get("/metrics").body.contains("\nproxyd_permits_in_use 1\n")
    }
    proxyd.signal(SIGTERM)
    try poll("nobody is sent here any more") {
      let reply = try probe.get("/readyz")
      return reply.status == 503 && reply.body == "proxyd is about to end\n"
    }
    #expect(try probe.get("/healthz").status == 200)
    #expect(try probe.get("/metrics").body.contains("\nproxyd_draining 1\n"))
    redis.resume()
    #expect(try client.receive() == .integer(1))
    #expect(proxyd.wait() == 0)
  }

  // MARK: top

  @Test func `top shows what is going on, once where that is enough`() throws {
    let proxyd = try Proxyd()
    let client = try proxyd.connect()
    _ = try client.query("SET", "k\u{1B}[2J", "v")
    for _ in 0..<50 { _ = try client.query("GET", "k\u{1B}[2J") }
    let place = "127.0.0.1:\(proxyd.adminPort)"
    for words in [
      ["top", place, "--once"], ["top", "--once", "http://\(place)/"],
      ["top", "--once", "--admin-port", "\(proxyd.adminPort)"],
    ] {
      let (status, output) = try Proxyd.run(words)
      #expect(status == 0)
      #expect(output.hasPrefix("proxyd 0."), "\(output)")
      for word in ["requests/s", "latency", "limiter", "k\\u{1b}[2J", " ready "] {
        #expect(output.contains(word), "\(word) is missing: \(output)")
      }
      #expect(!output.contains("\u{1B}"))
      #expect(output.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 80 })
    }
  }

  @Test func `top ends when nobody takes what it shows`() throws {
    let proxyd = try Proxyd()
    let script = "set -o pipefail; timeout 60 \"$0\" top \"$1\" | head -n 1"
    let (status, output) = try Proxyd.run(
      program: "bash", ["-c", script, Proxyd.path(), "127.0.0.1:\(proxyd.adminPort)"])
    #expect(status == 0 && output.hasPrefix("proxyd 0."), "\(output)")
  }

  @Test func `top says in one line why there is nothing to show`() throws {
    let proxyd = try Proxyd()
    let free = try Loopback.freePort()
    for (words, end) in [
      (["127.0.0.1:\(free)"], "does proxyd run, and is that its ADMIN_PORT?\n"),
      (
        ["127.0.0.1:\(proxyd.httpPort)"],
        "does not answer as proxyd's admin listener does: see ADMIN_PORT\n"
      ),
      (
        ["127.0.0.1:\(proxyd.redis.port)"],
        "does not answer as proxyd's admin listener does: see ADMIN_PORT\n"
      ),
      (["a:b"], "\"a:b\" is no HOST:PORT\n"),
      (["--admin-port", "0"], "there is no admin listener to ask: proxyd top HOST:PORT\n"),
    ] {
      let (status, output) = try Proxyd.run(["top", "--once"] + words)
      #expect(status == 1 && output.hasSuffix(end), "\(output)")
      #expect(output.hasPrefix("proxyd: ") && output.split(separator: "\n").count == 1)
    }
    #expect(try Proxyd.run(["top", "a", "b"]).status == 78)
  }

  private static let hasPython = HTTPClientTests.answers(["python3", "-c", "import pty"])

  @Test(.enabled(if: hasPython, "python3 is not installed"), arguments: ["q", "INT", "TERM"])
  func `top leaves a terminal as it was`(_ end: String) throws {
    let proxyd = try Proxyd()
    let (status, output) = try Proxyd.run(
      program: "timeout",
      ["60", "python3", SourceTree.path("Tests/Suites/terminal.py"), Proxyd.path(), end]
        + ["127.0.0.1:\(proxyd.adminPort)"])
    #expect(status == 0 && output.contains("as it should be"), "\(output)")
  }
}
