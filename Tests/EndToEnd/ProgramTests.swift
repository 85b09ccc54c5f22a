import Glibc
import TestSupport
import Testing

@Suite struct ProgramTests {
  @Test func `clients on several connections are answered`() throws {
    let proxyd = try Proxyd(["--threads", "2"])
    let clients = try (0..<8).map { _ in try proxyd.connect() }
    for (number, client) in clients.enumerated() {
      #expect(try client.query("CLIENT", "SETNAME", "client\(number)") == .simple("OK"))
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.query("CLIENT", "GETNAME").text == "client\(number)")
    }
  }

  @Test func `a pipeline is answered in order`() throws {
    let proxyd = try Proxyd()
    let client = try proxyd.connect()
    let count = 5_000
    let pipeline = (0..<count).reduce(into: "") { $0 += "ECHO \($1)\r\n" }
    try client.send(bytes: Array(pipeline.utf8))
    for number in 0..<count { #expect(try client.receive().text == "\(number)") }
    #expect(proxyd.isRunning)
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-cli is not installed"))
  func `redis-cli is served, in both versions`() throws {
    let proxyd = try Proxyd()
    let words = ["-p", "\(proxyd.port)", "-n", "3"]
    #expect(
      try Proxyd.run(program: "redis-cli", words + ["PING"]) == (0, "PONG\n"))
    #expect(
      try Proxyd.run(program: "redis-cli", words + ["-3", "ECHO", "a"]) == (0, "a\n"))
    let (_, output) = try Proxyd.run(program: "redis-cli", words + ["GET", "a"])
    #expect(output == "\n")
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends it cleanly`(_ signal: Int32) throws {
    let proxyd = try Proxyd()
    let client = try proxyd.connect()
    #expect(try client.query("PING") == .simple("PONG"))
    #expect(proxyd.end(by: signal) == 0)
    #expect(throws: ToolError.self) { try client.receive() }
  }

  @Test func `clients that vanish before their replies do it no harm`() throws {
    let proxyd = try Proxyd()
    let pipeline = (0..<2_000).reduce(into: "") { $0 += "ECHO \($1)\r\n" }
    for _ in 0..<20 { try proxyd.connect().send(bytes: Array(pipeline.utf8)) }
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
    #expect(proxyd.isRunning)
  }

  @Test func `a port that is taken is one line`() throws {
    let proxyd = try Proxyd()
    for (front, other) in [("resp", "http"), ("http", "resp")] {
      let (status, output) = try Proxyd.run(
        ["--\(front)-port", "\(proxyd.port)", "--\(other)-port", "0"])
      #expect(status == 1)
      let name = front.uppercased()
      #expect(output == "proxyd: \(name)_PORT: 127.0.0.1:\(proxyd.port) is in use already\n")
    }
  }

  @Test func `what makes no sense is one line, and status 78`() throws {
    #expect(
      try Proxyd.run([], variables: ["RESP_PORT=abc"])
        == (
          78,
          "proxyd: RESP_PORT: a port is a number from 0 to 65535, not \"abc\" (environment)\n"
        ))
    #expect(
      try Proxyd.run(["--what"]) == (78, "proxyd: unknown argument \"--what\"; see proxyd --help\n")
    )
    let (status, output) = try Proxyd.run(["--resp-host", "no such host"])
    #expect(status == 78 && output.hasPrefix("proxyd: RESP_HOST: "))
    #expect(output.split(separator: "\n").count == 1)
  }

  @Test func `what is in force can be seen without starting`() throws {
    let (status, output) = try Proxyd.run(
      ["--check", "--threads", "2"], variables: ["RESP_PORT=7000", "RESP_HOST=::1"])
    #expect(status == 0)
    #expect(
      output == """
        HTTP_HOST=127.0.0.1
        HTTP_PORT=8080
        HTTP_WRITES=off
        HTTP_MAX_AGE=0
        HTTP_CORS_ORIGIN=
        HTTP_CORS_WRITES=off
        RESP_HOST=::1
        RESP_PORT=7000
        PIPELINE_ORDER=key
        ADMIN_HOST=127.0.0.1
        ADMIN_PORT=9380
        REDIS_URL=redis://127.0.0.1:6379/0
        REDIS_CONNECT_TIMEOUT=1
        REDIS_TIMEOUT=5
        CACHE_CAPACITY=100000
        CACHE_MAX_BYTES=256mb
        CACHE_MAX_VALUE=1mb
        CACHE_TTL=300
        CACHE_COHERENCE=auto
        CACHE_MGET=off
        STALE_IF_ERROR=0
        PASSWORD=
        PROTECTED_MODE=yes
        MAX_CLIENTS=10000
        CLIENT_TIMEOUT=0
        CLIENT_OUTPUT_MAX=1gb
        CLIENT_INPUT_MAX=1gb
        MAX_CONCURRENCY=1024
        MAX_QUEUE=16384
        QUEUE_TIMEOUT=1
        PINNED_MAX=5000
        THREADS=2
        LOG_LEVEL=notice
        LOG_FORMAT=text
        ACCESS_LOG=off
        SLOWLOG_SLOWER_THAN=0.01
        SLOWLOG_MAX_LEN=128
        DRAIN_TIMEOUT=10

        """)
    #expect(try Proxyd.run(["--version"]).output.hasPrefix("proxyd "))
    #expect(try Proxyd.run(["--help"]).output.hasPrefix("usage: proxyd "))
  }
}
