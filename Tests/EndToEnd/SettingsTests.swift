import Glibc
import TestSupport
import Testing

@Suite struct SettingsTests {
  @Test func `a file is read, and the environment and flags beat it`() throws {
    let file = try SettingsFile("HTTP_PORT=1\nRESP_PORT=2\nMAX_QUEUE=3\n")
    let (status, output) = try Proxyd.run(
      ["--check", "--config", file.path, "--max-queue=5"], variables: ["RESP_PORT=4"])
    #expect(status == 0)
    for line in ["HTTP_PORT=1\n", "RESP_PORT=4\n", "MAX_QUEUE=5\n"] {
      #expect(output.contains(line))
    }
  }

  @Test func `what is wrong in a file is one line that says where, and status 78`() throws {
    let unknown = try SettingsFile("\nHTTP_PROT=1\n")
    #expect(
      try Proxyd.run(["--config", unknown.path]) == (
        78, "proxyd: unknown setting \"HTTP_PROT\"; see proxyd --help (\(unknown.path), line 2)\n"
      ))
    let bad = try SettingsFile("REDIS_URL=redis://ann:hush@host:port\n")
    #expect(
      try Proxyd.run(["--check", "--config=\(bad.path)"]) == (
        78, "proxyd: REDIS_URL: port: must be a number from 1 to 65535 (\(bad.path), line 1)\n"
      ))
    #expect(
      try Proxyd.run(["--config", "/no/such/file"])
        == (78, "proxyd: /no/such/file: there is no such file\n"))
    let (status, output) = try Proxyd.run(["--config", "/"])
    #expect(status == 78 && output.hasPrefix("proxyd: /: it cannot be read: "))
  }

  @Test func `what is printed as a file can be given back`() throws {
    let flags = ["--resp-port=7", "--cache-ttl=0.5", "--http-cors-origin=*", "--threads=3"]
    let (_, text) = try Proxyd.run(["--print-config"] + flags)
    let file = try SettingsFile(text)
    #expect(try Proxyd.run(["--print-config", "--config", file.path]).output == text)
    #expect(
      try Proxyd.run(["--check", "--config", file.path]).output
        == Proxyd.run(["--check"] + flags).output)
  }

  @Test(
    .enabled(if: RedisServer.isInstalled, "redis-server is not installed"),
    arguments: [false, true])
  func `MGET is answered from memory where that is asked for`(_ isAskedFor: Bool) throws {
    let proxyd = try Proxyd(["--cache-mget", isAskedFor ? "on" : "off"])
    let client = try proxyd.connect()
    for key in ["a", "b"] {
      #expect(try client.query("SET", key, key) == .simple("OK"))
      #expect(try client.query("GET", key).text == key)
    }
    #expect(try client.query("MGET", "a", "b") == .array([.bulk("a"), .bulk("b")]))
    #expect(proxyd.figure("proxy_cache_hits") == (isAskedFor ? 2 : 0))
  }

  @Test func `secrets are never printed`() throws {
    let secrets = ["REDIS_PASSWORD=hush", "PASSWORD=hush"]
    for flags in [["--check"], ["--print-config"], ["--check", "--redis-port=x"]] {
      let (_, output) = try Proxyd.run(flags, variables: secrets)
      #expect(!output.isEmpty && !output.contains("hush"))
    }
    let (status, output) = try Proxyd.run(["--check"], variables: ["REDIS_PASSWORD=hush"])
    #expect(status == 0 && output.contains("proxyd: there is a password for Redis and no PASSWORD"))
  }

  @Test func `a file that may keep its reader waiting is refused at once`() throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let pipe = directory + "/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(
      try Proxyd.run(["--check", "--config", pipe])
        == (78, "proxyd: \(pipe): it is a pipe, and no regular file\n"))
    #expect(
      try Proxyd.run(["--check", "--config", "/dev/zero"])
        == (78, "proxyd: /dev/zero: it is a device, and no regular file\n"))
    #expect(try Proxyd.run(["--check", "--config", "/dev/null"]).status == 0)
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
  func `passwords do not stay in what ps shows`() throws {
    let redis = try RedisServer()
    let flags = ["--password", "hush", "--redis-password=", "--threads", "1", "--max-queue=77"]
    let proxyd = try Proxyd(flags, redis: redis)
    let shown = Proxyd.text(of: "/proc/\(proxyd.pid)/cmdline")
    #expect(!shown.contains("hush") && !shown.contains("redis://"), "\(shown)")
    #expect(shown.contains("--password\0****\0") && shown.contains("--max-queue=77\0"))
    #expect(try proxyd.connect().query("AUTH", "hush") == .simple("OK"))
  }
}
