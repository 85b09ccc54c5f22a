import ProxyCore
import Testing

@testable import Daemon

@Suite struct ConfigurationTests {
  private func configuration(
    _ words: [String] = [], _ variables: [String: String] = [:], file: String? = nil
  ) throws(ConfigurationError) -> Configuration {
    let file = try file.map { text throws(ConfigurationError) in
      try ConfigurationFile(Array(text.utf8), path: "file")
    }
    return try Configuration(
      flags: Invocation(words).flags, environment: { variables[$0] }, file: file)
  }

  @Test func `nothing said leaves the defaults`() throws {
    let plain = try configuration([], ["RESP_PORT": "", "OTHER": "x"], file: "\n# a\nHTTP_PORT=\n")
    #expect(plain == Configuration())
    #expect(plain.respHost == "127.0.0.1" && plain.respPort == 6380 && plain.threads >= 1)
  }

  @Test func `flags beat the environment, which beats the defaults`() throws {
    let variables = ["RESP_PORT": "7000", "RESP_HOST": "::1", "THREADS": "3"]
    let mixed = try configuration(["--resp-port", "8000", "--threads=2"], variables)
    #expect(mixed.respPort == 8_000 && mixed.respHost == "::1" && mixed.threads == 2)
    #expect(try configuration(["--resp-port=1", "--resp-port=2"]).respPort == 2)
    #expect(try configuration(["--resp-port=1"], ["RESP_PORT": "bad"]).respPort == 1)
  }

  @Test func `the environment beats the file, and what is beaten need not make sense`() throws {
    let file = "RESP_PORT=1\nHTTP_PORT=bad\n THREADS = 4 \nMAX_QUEUE=7\n"
    let mixed = try configuration(["--max-queue", "9"], ["HTTP_PORT": "2"], file: file)
    #expect(mixed.respPort == 1 && mixed.httpPort == 2 && mixed.threads == 4 && mixed.queueMax == 9)
    // An empty variable says nothing; an empty flag does.
    #expect(try configuration([], ["RESP_PORT": ""], file: "RESP_PORT=1").respPort == 1)
    #expect(try configuration(["--password", ""], ["PASSWORD": "a"]).password == nil)
  }

  @Test(arguments: [
    ("RESP_PORT", "65536"), ("RESP_PORT", "-1"), ("RESP_PORT", "+1"), ("RESP_PORT", "1 "),
    ("HTTP_PORT", "x"), ("RESP_PORT", "٣"), ("THREADS", "0"), ("THREADS", "1025"),
    ("HTTP_WRITES", "yes"), ("HTTP_MAX_AGE", "-1"), ("HTTP_CORS_ORIGIN", "https://a/b"),
    ("REDIS_TIMEOUT", "0"),
    ("THREADS", "99999999999999999999"), ("THREADS", "two"),
  ])
  func `a bad value is one line that names the variable`(_ name: String, _ value: String) throws {
    try expectRefusal(of: value, for: name)
  }

  /// What nobody may write, for each variable: negative, huge, non-numeric, unknown.
  private static let badValues: [String: [String]] = {
    let notCounts = ["-1", "+1", "1.5", "99999999999999999999", "1e3", "many", "0x10", " 1", "1 "]
    let notPorts = notCounts + ["65536"]
    let notTimes = [
      "-1", "-0.5", "+1", "1e3", "1.", ".", "1,5", "0.0001", "0.0000000001", "31536001",
      "99999999999999999999", "inf", "nan", "1s", "long",
    ]
    let notWaits = notTimes + ["0", "0.0", "86401"]
    let notBytes = [
      "-1", "+1kb", "1.5gb", "1tb", "kb", "1 kb", "99999999999999999999", "99999999999gb", "much",
    ]
    let notHosts = [
      "no such host", "http://a", "a/b", "a\nb", "[::1]", String(repeating: "a", count: 256),
      "a\u{2028}b", "a\u{85}", "a%lo", "100%",
    ]
    return [
      "HTTP_HOST": notHosts, "RESP_HOST": notHosts, "REDIS_HOST": notHosts,
      "ADMIN_HOST": notHosts, "ADMIN_PORT": notPorts,
      "HTTP_PORT": notPorts, "RESP_PORT": notPorts, "REDIS_PORT": notPorts + ["0"],
      "HTTP_WRITES": ["yes", "ON", "1", "true"], "HTTP_MAX_AGE": notCounts + ["31536001"],
      "HTTP_CORS_ORIGIN": ["example.com", "https://", "https://a/b", "*,https://a"],
      "HTTP_CORS_WRITES": ["yes", "ON", "*"],
      "PIPELINE_ORDER": ["none", "KEY"],
      "REDIS_URL": [
        "127.0.0.1:6379", "http://a", "redis://a:0", "redis://a:99999", "redis://a/-1",
        "redis://u@a",
        "redis://a/1?x=y", "rediss://a", "redis://:***@a",
      ],
      "REDIS_USERNAME": ["a b", "user without password"], "REDIS_PASSWORD": ["***", "a\u{7}b"],
      "REDIS_CONNECT_TIMEOUT": notWaits, "REDIS_TIMEOUT": notWaits,
      "CACHE_CAPACITY": notCounts + ["1000000001"], "CACHE_MAX_BYTES": notBytes + ["0", "1kib"],
      "CACHE_MAX_VALUE": notBytes + ["513mb"], "CACHE_TTL": notTimes,
      "CACHE_COHERENCE": ["none", "tracking,ttl"],
      "STALE_IF_ERROR": notTimes,
      "PASSWORD": ["***", String(repeating: "a", count: 1_025)],
      "PROTECTED_MODE": ["on", "off", "0"], "MAX_CLIENTS": notCounts + ["0"],
      "CLIENT_TIMEOUT": notTimes, "CLIENT_OUTPUT_MAX": notBytes + ["0", "1kb"],
      "CLIENT_INPUT_MAX": notBytes + ["0", "1kb"],
      "MAX_CONCURRENCY": notCounts + ["0", "1048577"], "MAX_QUEUE": notCounts + ["1048577"],
      "QUEUE_TIMEOUT": notTimes, "PINNED_MAX": notCounts + ["1000001"],
      "THREADS": notCounts + ["0", "1025"], "LOG_LEVEL": ["debug", "loud", "NOTICE", "3"],
      "LOG_FORMAT": ["xml"], "DRAIN_TIMEOUT": notTimes,
      "ACCESS_LOG": [
        "on", "yes", "log", "OFF", "stdout", "/var/log/", "/a\nb", "/a\u{2029}b", "/\u{9B}",
      ],
      "CACHE_MGET": ["yes", "ON", "1"], "SLOWLOG_SLOWER_THAN": notTimes,
      "SLOWLOG_MAX_LEN": notCounts + ["10001"],
    ]
  }()

  @Test(arguments: Setting.all.map(\.name))
  func `bad values of every variable are refused`(_ name: String) throws {
    for value in try #require(Self.badValues[name]) { try expectRefusal(of: value, for: name) }
  }

  private func expectRefusal(of value: String, for name: String) throws {
    let setting = try #require(Setting.named(name))
    let sources = [
      ("environment", { try configuration([], [name: value]) }),
      (setting.flag, { try configuration([setting.flag, value]) }),
    ]
    for (source, read) in sources {
      let error = try #require(throws: ConfigurationError.self, "\(name)=\(value)") { try read() }
      let line = error.description
      #expect(line.hasPrefix("\(name): ") && line.hasSuffix(" (\(source))"))
      #expect(!line.contains("\n") && line.count < 400)
      if setting.isSecret && value != "***" { #expect(!line.contains(value)) }
    }
  }

  @Test(arguments: [
    (["HTTP_PORT": "0", "RESP_PORT": "0"], "HTTP_PORT and RESP_PORT: "),
    (["HTTP_PORT": "6380"], "HTTP_PORT and RESP_PORT: "),
    (["HTTP_PORT": "9380"], "ADMIN_PORT and HTTP_PORT: "),
    (["ADMIN_PORT": "6380"], "ADMIN_PORT and RESP_PORT: "),
    (["CACHE_TTL": "0", "CACHE_COHERENCE": "ttl"], "CACHE_TTL and CACHE_COHERENCE: "),
    (
      ["CACHE_MAX_VALUE": "2mb", "CACHE_MAX_BYTES": "1mb"], "CACHE_MAX_VALUE and CACHE_MAX_BYTES: "
    ),
    (["REDIS_USERNAME": "ann"], "REDIS_USERNAME: "),
    (
      ["HTTP_CORS_ORIGIN": "*", "HTTP_WRITES": "on", "HTTP_CORS_WRITES": "on"],
      "HTTP_CORS_ORIGIN, HTTP_WRITES, HTTP_CORS_WRITES and PASSWORD: "
    ),
    (["REDIS_PASSWORD": "hush", "PROTECTED_MODE": "no"], "PROTECTED_MODE and PASSWORD: "),
    (["REDIS_URL": "redis://:hush@a", "PROTECTED_MODE": "no"], "PROTECTED_MODE and PASSWORD: "),
  ])
  func `what contradicts itself is one line that names both`(
    _ variables: [String: String], _ start: String
  ) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration([], variables) }
    let line = error.description
    #expect(line.hasPrefix(start) && !line.contains("\n") && !line.contains("hush"))
  }

  @Test func `one front may be off, and not both`() throws {
    #expect(try configuration(["--http-port=0"]).httpPort == 0)
    #expect(try configuration(["--resp-port=0"]).respPort == 0)
    let error = try #require(throws: ConfigurationError.self) {
      try configuration(["--resp-port=0", "--http-port=0"])
    }
    #expect(error.description.hasPrefix("HTTP_PORT and RESP_PORT: "))
  }

  @Test(arguments: ["--what", "x", "--RESP-PORT", "--", "-", "", "--resp-port\n"])
  func `an unknown argument is one line that names it`(_ word: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration([word, "1"]) }
    let line = error.description
    #expect(line.contains(word.debugDescription) && !line.contains("\n"))
  }

  @Test func `a flag without its value says which`() {
    #expect(throws: ConfigurationError("RESP_PORT: --resp-port needs a value")) {
      try configuration(["--resp-port"])
    }
    #expect(throws: ConfigurationError("config: --config needs a value")) {
      try configuration(["--config"])
    }
  }

  @Test func `an option is no other option's value`() throws {
    for (word, name) in [("--password", "PASSWORD"), ("--config", "config")] {
      for other in ["--check", "--resp-port=1", "--hush"] {
        let error = try #require(throws: ConfigurationError.self) {
          try Invocation([word, other])
        }
        #expect(
          error.description
            == "\(name): \(word) needs a value, and another option follows; one that begins with -- is"
            + " written \(word)=VALUE")
      }
    }
    #expect(try configuration(["--password=--x"]).password == "--x")
    #expect(try configuration(["--password", "-x"]).password == "-x")
  }

  @Test func `secrets among the words are known`() {
    let words = [
      "--threads", "1", "--password", "hush", "--redis-url=redis://:hush@a", "--redis-password",
      "--password", "--http-port=1", "--password=", "--passwords=x", "--redis-password",
    ]
    let found = ArgumentMemory.secrets(in: words).map { [$0.word, $0.offset] }
    #expect(found == [[3, 0], [4, 12], [6, 0], [8, 11]])
  }

  @Test func `every page may write only where a password keeps strangers out`() throws {
    let all = ["HTTP_CORS_ORIGIN": "*", "HTTP_WRITES": "on", "HTTP_CORS_WRITES": "on"]
    #expect(try configuration(["--password=x"], all).httpCrossOriginWrites)
    for (name, value) in [
      ("HTTP_CORS_ORIGIN", "https://a"), ("HTTP_WRITES", "off"), ("HTTP_CORS_WRITES", "off"),
    ] {
      #expect(throws: Never.self) {
        try configuration([], all.merging([name: value]) { $1 })
      }
    }
  }

  @Test func `what is asked for is found among flags`() throws {
    #expect(try Invocation(["--threads", "1", "--check"]).action == .check)
    #expect(try Invocation(["--version", "--what"]).action == .version)
    #expect(try Invocation(["--check", "--help", "--what"]).action == .help)
    #expect(try Invocation(["--print-config", "--config=a"]).action == .printConfiguration)
    #expect(try Invocation(["--config=a", "--config", "b"]).file == "b")
    #expect(try Invocation([]).action == .run)
  }

  @Test func `the help names every setting and its default`() {
    for setting in Setting.all {
      #expect(Invocation.help.contains(setting.flag))
      #expect(Invocation.help.contains("[\(setting.text(Configuration()))]"))
    }
    for line in Invocation.help.split(separator: "\n") { #expect(line.count <= 100) }
  }

  @Test func `what is shown can be read again`() throws {
    let original = try configuration([
      "--resp-port=1", "--resp-host=::1", "--threads=9", "--http-port=2", "--http-writes=on",
      "--http-max-age=60", "--http-cors-origin=https://a,https://b", "--redis-timeout=3",
      "--cache-ttl=0.25", "--cache-max-bytes=3mb", "--cache-max-value=1k", "--max-queue=0",
      "--protected-mode=no", "--log-level=warning", "--redis-host=::1", "--redis-port=9",
      "--cache-coherence=tracking", "--pipeline-order=strict", "--drain-timeout=12.000000001",
      "--access-log=/var/log/proxyd/access.log",
    ])
    var again = Configuration()
    for setting in Setting.all { try setting.apply(setting.text(original), &again) }
    #expect(again == original)
    let file = try configuration(file: ConfigurationFile.text(of: original))
    #expect(file == original)
  }

  @Test(arguments: ["\"/a\"", " /a b ", "'/'x'", "/a\u{301}", "/\""])
  func `a value is printed so that it is read as it is`(_ path: String) throws {
    let original = try configuration(["--access-log", path])
    #expect(original.accessLog == .file(path))
    #expect(try configuration(file: ConfigurationFile.text(of: original)) == original)
  }

  /// A combining accent makes one character of itself and what is before it.
  @Test func `a secret that begins with an accent is one`() throws {
    let secret = "\u{301}hush=hush"
    #expect(try configuration(["--password=\(secret)"]).password == secret)
    #expect(try configuration(file: "PASSWORD=\(secret)").password == secret)
    #expect(try configuration(file: "PASSWORD=\"\(secret)\"\n#\u{301}\n").password == secret)
  }

  @Test func `what is quoted is short, and a terminal obeys none of it`() throws {
    let word = "--\u{9B}2J\u{202E}" + String(repeating: "\u{301}", count: 1_000)
    let error = try #require(throws: ConfigurationError.self) { try configuration([word]) }
    #expect(error.description.hasPrefix("unknown argument \"--\\u{9b}2J\\u{202e}"))
    #expect(error.description.utf8.count < 1_000)
  }

  @Test(arguments: [
    ("1", 1), ("100b", 100), ("1k", 1_000), ("1kb", 1_024), ("1K", 1_000), ("3MB", 3 << 20),
    ("2m", 2_000_000), ("1gb", 1 << 30), ("1g", 1_000_000_000),
  ])
  func `bytes mean what they mean to Redis`(_ text: String, _ bytes: Int) throws {
    let form = Form<Int>.bytes(0...Int.max)
    #expect(try form.value(of: text) == bytes)
    #expect(try form.value(of: form.text(of: bytes)) == bytes)
  }

  @Test(arguments: [
    ("0", Duration.zero), ("300", .seconds(300)), ("0.5", .milliseconds(500)),
    ("1.000000001", .seconds(1) + .nanoseconds(1)), ("007", .seconds(7)),
  ])
  func `seconds may have fractions`(_ text: String, _ duration: Duration) throws {
    let configuration = try configuration(["--cache-ttl", text])
    #expect(configuration.cacheTTL == duration)
    #expect((configuration.proxy.timeToLive == nil) == (duration == .zero))
  }

  @Test func `parts of the Redis URL are replaced one by one`() throws {
    let url = "redis://ann:old@there:7000/5"
    let parts = ["REDIS_URL": url, "REDIS_HOST": "here", "REDIS_PASSWORD": "p@ss/word"]
    let redis = try configuration([], parts).redis
    #expect(redis.server == "here:7000" && redis.database == 5)
    #expect(redis.username == "ann" && redis.password == "p@ss/word")
    let other = try configuration(
      ["--redis-port=1"], ["REDIS_USERNAME": "bob"], file: "REDIS_URL=\(url)")
    #expect(other.redis.server == "there:1" && other.redis.username == "bob")
  }

  @Test(arguments: ["fe80::1%lo", "::1%", "fe80::1%25", "xn--a", "bücher"])
  func `a host that is printed reads back`(_ host: String) throws {
    let redis = try configuration(["--redis-host", host]).redis
    #expect(redis.host == host)
    #expect(try configuration(file: "REDIS_URL=\(redis.description)").redis == redis)
  }

  @Test func `a password for Redis that nobody has to give is worth a warning`() throws {
    let variables = ["REDIS_PASSWORD": "hush"]
    let warnings = try configuration([], variables).warnings
    #expect(warnings.count == 1 && !warnings.contains { $0.contains("hush") })
    #expect(try configuration(["--password=x"], variables).warnings.isEmpty)
    #expect(try configuration(["--password=x", "--protected-mode=no"], variables).warnings.isEmpty)
    #expect(try configuration(["--protected-mode=no"]).warnings.isEmpty)
  }

  @Test func `secrets are not shown`() throws {
    let secrets = ["--password=hush1", "--redis-url=redis://ann:hush2@a", "--redis-password=hush3"]
    let configuration = try configuration(secrets)
    let file = ConfigurationFile.text(of: configuration)
    let shown = Setting.all.map { $0.text(configuration) }.joined(separator: "\n")
    #expect(!file.contains("hush") && !shown.contains("hush"))
    #expect(file.contains("PASSWORD=***\n") && file.contains("redis://ann:***@a:6379/0\n"))
    // Nobody runs with the mask for a password.
    #expect(throws: ConfigurationError.self) { try self.configuration(file: file) }
  }
}
