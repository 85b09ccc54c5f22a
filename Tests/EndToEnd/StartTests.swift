import Glibc
import TestSupport
import Testing

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct StartTests {
  @Test func `it waits for Redis, and says so once and once more when it is there`() throws {
    let redis = try RedisServer()
    redis.stop()
    let proxyd = try Proxyd(redis: redis)
    let away = "Redis at 127.0.0.1:\(redis.port): connection refused"
    try poll("it says that Redis is away") { proxyd.log.contains(away) }
    #expect(try proxyd.connect().query("GET", "a").isError)
    #expect(try HTTPConnection(port: proxyd.httpPort).get("/a").status == 503)
    try redis.restart()
    let back = "Redis at 127.0.0.1:\(redis.port) answers\n"
    try poll("it says that Redis is there") { proxyd.log.contains(back) }
    try poll("clients are served") { try proxyd.connect().query("SET", "a", "1") == .simple("OK") }
    redis.stop()
    let lost = "Redis at 127.0.0.1:\(redis.port): connection lost; trying again until it answers\n"
    try poll("it says that Redis has gone") { proxyd.log.contains(lost) }
    try redis.restart()
    try poll("it says that Redis is back") { proxyd.log.ranges(of: back).count == 2 }
    #expect(proxyd.log.ranges(of: " # ").count == 2)
  }

  @Test func `a Redis that does not tell of changes is worth a warning`() throws {
    let redis = try RedisServer(arguments: ["--rename-command", "CLIENT", ""])
    let proxyd = try Proxyd(redis: redis)
    try poll("it says so") { proxyd.log.contains("entries are right only until they expire\n") }
    #expect(try proxyd.connect().query("SET", "a", "1") == .simple("OK"))
  }

  @Test func `a Redis that asks for a password is told of once, with what to do`() throws {
    let redis = try RedisServer()
    let admin = try redis.connect()
    #expect(try admin.query("CONFIG", "SET", "requirepass", "hush") == .simple("OK"))
    let proxyd = try Proxyd(redis: redis)
    let said = "asks for a password, and there is none for it: set REDIS_PASSWORD"
    try poll("it says so") { proxyd.log.contains(said) }
    let client = try proxyd.connect()
    for _ in 0..<5 { #expect(try client.query("GET", "k").isError) }
    #expect(try client.query("AUTH", "hush") == .simple("OK"))
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    _ = try admin.query("CONFIG", "SET", "requirepass", "")
    try poll("it is let in") { try proxyd.connect().query("GET", "k").text == "v" }
    #expect(proxyd.log.ranges(of: " # ").count == 1)
  }

  @Test func `too few descriptors are worth a warning, and it serves all the same`() throws {
    let launcher = ["sh", "-c", "ulimit -n 300; exec \"$0\" \"$@\""]
    let proxyd = try Proxyd(["--max-clients", "1000"], launcher: launcher)
    #expect(
      proxyd.log.contains(" # this process may have 300 files open, and MAX_CLIENTS and "))
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
    let raising = ["sh", "-c", "ulimit -S -n 100; exec \"$0\" \"$@\""]
    let raised = try Proxyd(["--max-clients", "500", "--pinned-max", "100"], launcher: raising)
    #expect(!raised.log.contains(" # this process"))
    let clients = try (0..<200).map { _ in try raised.connect() }
    for client in clients { #expect(try client.query("PING") == .simple("PONG")) }
  }

  @Test func `a hundred descriptors let in as many clients as there is room for`() throws {
    let launcher = ["sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\""]
    let proxyd = try Proxyd(["--threads", "2"], launcher: launcher)
    #expect(proxyd.log.contains(": 18 clients are let in, with 10 links of their own;"))
    let clients = try (0..<17).map { _ in try proxyd.connect() }
    for (number, client) in clients.enumerated() {
      #expect(try client.query("SET", "key\(number)", "v") == .simple("OK"))
      #expect(try client.query("GET", "key\(number)").text == "v")
    }
    // Each with a link of its own, beside all that the loops share.
    for client in clients.prefix(10) { #expect(try client.query("MULTI") == .simple("OK")) }
    #expect(try clients[10].query("MULTI").isError)
    #expect(try HTTPConnection(port: proxyd.httpPort).get("/key0").body == "v")
    #expect(try HTTPConnection(port: proxyd.adminPort).get("/readyz").status == 200)
    for client in clients.prefix(10) { #expect(try client.query("EXEC") == .array([])) }
  }

  @Test func `an address of somebody else's is one line`() throws {
    // 192.0.2.0/24 is for examples, and nobody's.
    let (status, output) = try Proxyd.run(["--resp-host", "192.0.2.1", "--http-port", "0"])
    #expect(status == 1)
    #expect(output == "proxyd: RESP_HOST: 192.0.2.1 is no address of this machine\n")
  }

  @Test func `nobody is told to try a proxyd that has not got its port`() throws {
    let proxyd = try Proxyd()
    let path = try Proxyd.path()
    let url = "REDIS_URL=redis://127.0.0.1:\(proxyd.redis.port)"
    for variable in ["RESP_PORT=\(proxyd.port)", "HTTP_PORT=\(proxyd.httpPort)"] {
      let front = variable.prefix(4)
      let other = front == "RESP" ? "HTTP_PORT=0" : "RESP_PORT=0"
      let (status, output) = try Proxyd.run(
        program: SourceTree.path("scripts/run.sh"), [],
        variables: ["PROXYD=\(path)", url, variable, other])
      #expect(status == 1)
      #expect(output.contains("proxyd: \(front)_PORT: "))
      #expect(!output.contains("Try"), "\(output)")
    }
  }

  @Test func `whoever wants to hear more hears what was set, without secrets`() throws {
    let proxyd = try Proxyd(["--log-level", "verbose", "--password", "hush", "--max-queue", "7"])
    #expect(proxyd.log.contains(" - MAX_QUEUE=7\n"))
    #expect(proxyd.log.contains(" - PASSWORD=***\n") && !proxyd.log.contains("hush"))
    #expect(!proxyd.log.contains("CACHE_TTL"))
  }

  @Test func `lines may be JSON`() throws {
    let (_, output) = try Proxyd.run(
      ["--log-format=json", "--redis-password=x", "--resp-host=192.0.2.1", "--http-port=0"])
    let line = output.split(separator: "\n").first ?? ""
    #expect(line.hasPrefix("{\"time\":\"20"))
    #expect(line.contains("Z\",\"level\":\"warning\",\"message\":\"there is a password for Redis"))
    #expect(line.hasSuffix("\"}"))
  }

  @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
  func `streams that whoever starts it has closed are no client's`(_ closed: String) throws {
    let redis = try RedisServer()
    defer { redis.stop() }
    let port = try Loopback.freePort()
    let process = try ChildProcess(
      [
        "/bin/sh", "-c", "exec \"$0\" \"$@\" \(closed)", try Proxyd.path(), "--http-port", "0",
        "--admin-port", "0", "--resp-port", "\(port)", "--log-level", "verbose", "--redis-url",
        "redis://127.0.0.1:\(redis.port)", "--access-log", "stderr",
      ], variables: [])
    defer { process.stop() }
    try poll("it serves") { (try? RESPConnection(port: port)) != nil }
    let clients = try (0..<4).map { _ in try RESPConnection(port: port) }
    // What is said must not reach a client that was given the number of a stream.
    for round in 0..<20 {
      for (number, client) in clients.enumerated() {
        #expect(try client.query("SET", "k\(number)", "\(round)") == .simple("OK"))
        #expect(try client.query("GET", "k\(number)").text == "\(round)")
      }
      process.signal(SIGHUP)
    }
    process.signal(SIGTERM)
    #expect(process.wait() == 0)
  }
}
