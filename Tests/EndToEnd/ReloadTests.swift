import Glibc
import TestSupport
import Testing

/// SIGHUP: the settings are read again.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ReloadTests {
  /// Has it read its file again, and returns what it says to that.
  private func reload(_ proxyd: Proxyd, _ file: SettingsFile, _ text: String) throws -> String {
    try file.write(text)
    let before = proxyd.log.utf8.count
    proxyd.signal(SIGHUP)
    try poll("it says what it did") { proxyd.log.dropFirst(before).contains("SIGHUP: ") }
    return String(proxyd.log.dropFirst(before))
  }

  @Test func `what can change while it runs does, and the rest is named`() throws {
    let file = try SettingsFile("CACHE_CAPACITY=10\n")
    let proxyd = try Proxyd(["--config", file.path])
    let client = try proxyd.connect()
    for number in 0..<20 { _ = try client.query("GET", "key\(number)") }
    #expect(proxyd.figure("proxy_cache_entries") == 10)
    let said = try reload(
      proxyd, file, "CACHE_CAPACITY=3\nCACHE_TTL=60\nTHREADS=7\nPASSWORD=hush\nMAX_CLIENTS=9\n")
    #expect(
      said.contains(
        "SIGHUP: CACHE_CAPACITY=3, CACHE_TTL=60, PASSWORD=***, MAX_CLIENTS=9; "
          + "a restart is needed for THREADS\n"))
    #expect(!said.contains("hush"))
    #expect(try client.query("GET", "key1") == .bulk(nil), "who is there stays")
    #expect(proxyd.figure("proxy_cache_entries", client) == 3)
    #expect(proxyd.figure("proxy_clients_max", client) == 9)
  }

  @Test func `a password counts for those who come, on both fronts`() throws {
    let file = try SettingsFile("")
    let proxyd = try Proxyd(["--config", file.path])
    let early = try proxyd.connect()
    let earlyHTTP = try HTTPConnection(port: proxyd.httpPort)
    #expect(try early.query("SET", "k", "v") == .simple("OK"))
    #expect(try earlyHTTP.get("/k").status == 200)
    _ = try reload(proxyd, file, "PASSWORD=first\n")
    #expect(try earlyHTTP.get("/k").status == 401)
    #expect(try earlyHTTP.get("/k", "Authorization: Bearer first").body == "v")
    let late = try proxyd.connect()
    #expect(try late.query("GET", "k") == .error("NOAUTH Authentication required."))
    #expect(try late.query("AUTH", "first") == .simple("OK"))
    _ = try reload(proxyd, file, "PASSWORD=second\n")
    #expect(try late.query("GET", "k").text == "v")
    #expect(try late.query("AUTH", "first").isError && early.query("AUTH", "first").isError)
    #expect(try early.query("AUTH", "second") == .simple("OK"))
    _ = try reload(proxyd, file, "")
    #expect(try proxyd.connect().query("GET", "k").text == "v")
    #expect(try earlyHTTP.get("/k").status == 200)
  }

  /// A page that took over a name for this machine's is kept out as long as nothing else does that.
  @Test func `under which names HTTP is answered follows the password and the protection`() throws {
    let file = try SettingsFile("")
    let proxyd = try Proxyd(["--config", file.path])
    let early = try HTTPConnection(port: proxyd.httpPort)
    func expect(_ status: Int, of host: String, _ field: String = "X: y") throws {
      for client in [early, try HTTPConnection(port: proxyd.httpPort)] {
        try client.send(raw: "GET /k HTTP/1.1\r\nHost: \(host)\r\n\(field)\r\n\r\n")
        #expect(try client.receive().status == status, "\(host)")
      }
    }
    try expect(421, of: "evil.example")
    try expect(404, of: "127.0.0.1")
    _ = try reload(proxyd, file, "PROTECTED_MODE=no\n")
    try expect(404, of: "evil.example")
    let said = try reload(proxyd, file, "HTTP_HOST=cache.example\n")
    #expect(said.contains("PROTECTED_MODE=yes; a restart is needed for HTTP_HOST\n"))
    for host in ["evil.example", "cache.example"] { try expect(421, of: host) }
    try expect(404, of: "localhost")
    _ = try reload(proxyd, file, "PASSWORD=hush\n")
    try expect(401, of: "evil.example")
    try expect(404, of: "evil.example", "Authorization: Bearer hush")
    _ = try reload(proxyd, file, "")
    try expect(421, of: "evil.example", "Authorization: Bearer hush")
  }

  @Test func `an expiry and a log level change`() throws {
    let file = try SettingsFile("LOG_LEVEL=notice\n")
    let proxyd = try Proxyd(["--config", file.path])
    let client = try proxyd.connect()
    _ = try client.query("GET", "k")
    _ = try reload(proxyd, file, "CACHE_TTL=0.001\nLOG_FORMAT=json\n")
    try poll("what was kept expires") { proxyd.figure("proxy_cache_entries", client) == 0 }
    #expect(proxyd.log.contains("\"level\":\"notice\",\"message\":\"SIGHUP: CACHE_TTL=0.001, "))
    try file.write("LOG_LEVEL=warning\nCACHE_CAPACITY=0\n")
    proxyd.signal(SIGHUP)
    _ = try proxyd.connect().query("GET", "k")
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(!proxyd.log.contains("CACHE_CAPACITY"))
  }

  @Test func `MGET from memory and the log of slow requests are turned on and off`() throws {
    let file = try SettingsFile("CACHE_MGET=on\nSLOWLOG_MAX_LEN=0\n")
    let proxyd = try Proxyd(["--config", file.path])
    let client = try proxyd.connect()
    let values = RESPReply.array([.bulk(nil), .bulk(nil)])
    for _ in 0..<2 { #expect(try client.query("MGET", "a", "b") == values) }
    #expect(proxyd.figure("proxy_cache_hits", client) == 2)
    #expect(try client.query("PROXY", "SLOWLOG", "LEN") == .integer(0))
    _ = try reload(proxyd, file, "SLOWLOG_SLOWER_THAN=0\nSLOWLOG_MAX_LEN=2\n")
    for _ in 0..<3 { _ = try client.query("PING") }
    #expect(try client.query("PROXY", "SLOWLOG", "LEN") == .integer(2))
    let late = try proxyd.connect()
    #expect(try late.query("MGET", "a", "b") == values)
    #expect(proxyd.figure("proxy_cache_hits", late) == 2)
    #expect(try client.query("MGET", "a", "b") == values)
    #expect(proxyd.figure("proxy_cache_hits", late) == 4)
  }

  @Test func `links of clients' own are bounded anew, and what is known may become stale`() throws {
    let file = try SettingsFile("")
    let proxyd = try Proxyd(["--config", file.path])
    let client = try proxyd.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    #expect(try client.query("GET", "k").text == "v")
    #expect(try client.query("MULTI") == .simple("OK"))
    let said = try reload(
      proxyd, file, "PINNED_MAX=1\nSTALE_IF_ERROR=600\nCACHE_MAX_VALUE=2mb\nHTTP_CORS_ORIGIN=*\n")
    #expect(
      said.contains(
        "SIGHUP: STALE_IF_ERROR=600, PINNED_MAX=1; "
          + "a restart is needed for HTTP_CORS_ORIGIN, CACHE_MAX_VALUE\n"))
    let other = try proxyd.connect()
    #expect(try other.query("MULTI").isError)
    #expect(try client.query("EXEC") == .array([]))
    #expect(try other.query("GET", "k").text == "v")
    proxyd.redis.stop()
    try poll("it has noticed") { proxyd.log.contains("connection lost") }
    #expect(try other.query("GET", "k").text == "v")
    _ = try reload(proxyd, file, "PINNED_MAX=1\n")
    #expect(try other.query("GET", "k").isError)
  }

  @Test func `a password that is lost does not open a proxy to everybody`() throws {
    let file = try SettingsFile("PASSWORD=hush\nPROTECTED_MODE=no\n")
    let proxyd = try Proxyd(["--config", file.path])
    let said = try reload(proxyd, file, "PROTECTED_MODE=no\nMAX_QUEUE=7\n")
    #expect(said.contains(" # SIGHUP: nothing was changed: PASSWORD and PROTECTED_MODE: "))
    #expect(try proxyd.connect().query("GET", "k") == .error("NOAUTH Authentication required."))
    #expect(try HTTPConnection(port: proxyd.httpPort).get("/k").status == 401)
    #expect(try reload(proxyd, file, "MAX_QUEUE=7\n").contains("MAX_QUEUE=7"))
    #expect(try proxyd.connect().query("GET", "k") == .bulk(nil), "this machine's own")
  }

  @Test func `settings that make no sense change nothing`() throws {
    let file = try SettingsFile("CACHE_CAPACITY=10\nCACHE_COHERENCE=ttl\n")
    let proxyd = try Proxyd(["--config", file.path])
    for (text, reason) in [
      ("CACHE_CAPACITY=5\nMAX_QUEUE=x\n", "nothing was changed: MAX_QUEUE: "),
      // By itself it makes sense, but not with the coherence that is in force until a restart.
      ("CACHE_CAPACITY=5\nCACHE_TTL=0\n", "nothing was changed: CACHE_TTL and CACHE_COHERENCE: "),
      ("CACHE_CAPACITY=10\nCACHE_COHERENCE=ttl\n", "nothing is new\n"),
    ] {
      #expect(try reload(proxyd, file, text).contains("SIGHUP: \(reason)"))
    }
    let client = try proxyd.connect()
    for number in 0..<20 { _ = try client.query("GET", "key\(number)") }
    #expect(proxyd.figure("proxy_cache_entries", client) == 10)
  }
}
