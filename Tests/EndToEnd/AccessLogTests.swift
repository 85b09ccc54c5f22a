import Foundation
import TestSupport
import Testing

/// `ACCESS_LOG`: a line a request.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct AccessLogTests {
  /// Lines as they were written, once there are so many.
  private func lines(_ path: String, _ count: Int) throws -> [String] {
    var lines: [String] = []
    try poll("\(count) lines in \(path)") {
      lines = Proxyd.text(of: path).split(separator: "\n").map(String.init)
      return lines.count >= count && Proxyd.text(of: path).hasSuffix("\n")
    }
    return lines
  }

  private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    try body(directory)
  }

  /// The fields behind the time.
  private func fields(_ line: String) -> [String: String] {
    let words = line.split(separator: " ")
    var fields = ["front": words.count > 1 ? String(words[1]) : ""]
    for word in words.dropFirst(2) {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    return fields
  }

  @Test func `each RESP request is a line that tells how it ended, and no value`() throws {
    try withDirectory { directory in
      let path = directory + "/access.log"
      let proxyd = try Proxyd(["--access-log", path, "--cache-mget", "on"])
      let client = try proxyd.connect()
      for words in [
        ["SET", "k", "secret-value"], ["GET", "k"], ["get", "k"], ["MGET", "k", "none"],
        ["MGET", "k", "none"], ["LPUSH", "k", "secret-value"], ["PING"], ["CLIENT", "ID"],
        ["AUTH", "secret-word"], ["secret-word"], ["CONFIG", "SET", "requirepass", ""],
        ["EVAL", "return 'secret-value'", "1", "e"], ["GET", "a b\r\n\u{FF}\""],
        ["SET", String(repeating: "x", count: 2_000), "secret-value"], ["SUBSCRIBE", "c"],
        ["UNSUBSCRIBE"], ["MULTI"], ["SET", "k", "secret-value"], ["DISCARD"],
        ["CLUSTER", "MEET", "secret-word", "1"],
      ] {
        try client.send(words)
        _ = try client.receive()
      }
      let text = try lines(path, 20).map(fields)
      let expected = [
        ("set", "passed"), ("get", "miss"), ("get", "hit"), ("mget", "miss"), ("mget", "hit"),
        ("lpush", "redis-error"), ("ping", "passed"), ("client|id", "local"),
        ("auth", "redis-error"),
        ("unknown", "redis-error"), ("config|set", "passed"), ("eval", "passed"), ("get", "miss"),
        ("set", "passed"), ("subscribe", "passed"), ("unsubscribe", "passed"), ("multi", "passed"),
        ("set", "passed"), ("discard", "passed"), ("cluster|meet", "redis-error"),
      ]
      #expect(text.map { $0["command"] } == expected.map(\.0))
      #expect(text.map { $0["outcome"] } == expected.map(\.1))
      for line in text {
        #expect(line["front"] == "resp" && line["client"]?.hasPrefix("127.0.0.1:") == true)
        #expect(line["microseconds"].flatMap(Int.init) != nil)
      }
      #expect(text[1]["key"] == "\"k\"" && text[1]["arguments"] == "2")
      #expect(text[6]["key"] == nil && text[11]["key"] == "\"e\"")
      let whole = Proxyd.text(of: path)
      #expect(whole.contains(#"key="a b\r\n\xc3\xbf\"" arguments=2"#))
      #expect(whole.contains("\(String(repeating: "x", count: 512))\"... arguments=3"))
      #expect(!whole.contains("secret"))
    }
  }

  @Test func `requests that are refused, cut off or no requests are lines too`() throws {
    try withDirectory { directory in
      let path = directory + "/access.log"
      let proxyd = try Proxyd([
        "--access-log", path, "--password", "secret-word", "--pinned-max", "1",
      ])
      let client = try proxyd.connect()
      #expect(try client.query("GET", "k").isError)
      #expect(try client.query("AUTH", "secret-word") == .simple("OK"))
      #expect(try client.query("SUBSCRIBE", "c").isError == false)
      var other: RESPConnection? = try proxyd.connect()
      #expect(try other?.query("AUTH", "secret-word") == .simple("OK"))
      #expect(try other?.query("MULTI").isError == true)
      try other?.send(bytes: Array("*1\r\n!\r\n".utf8))
      #expect(try other?.receive().isError == true)
      other = nil
      let text = try lines(path, 6).map(fields)
      #expect(
        text.map { $0["command"] } == ["get", "auth", "subscribe", "auth", "multi", "-"])
      #expect(
        text.map { $0["outcome"] } == ["refused", "local", "passed", "local", "refused", "refused"])
      #expect(!Proxyd.text(of: path).contains("secret"))
    }
    try withDirectory { directory in
      let path = directory + "/access.log"
      let proxyd = try Proxyd(["--access-log", path])
      do {
        let client = try proxyd.connect()
        try client.send(["BLPOP", "list", "0"])
        try poll("it waits at Redis") { proxyd.figure("proxy_redis_links_pinned") == 1 }
      }
      try poll("it has gone") {
        Proxyd.text(of: path).contains(#"command=blpop key="list" arguments=3"#)
      }
      let line = try #require(
        Proxyd.text(of: path).split(separator: "\n").first { $0.contains("blpop") })
      #expect(fields(String(line))["outcome"] == "gone")
    }
  }

  @Test func `each HTTP request is a line with what was sent`() throws {
    try withDirectory { directory in
      let path = directory + "/access.log"
      let proxyd = try Proxyd(["--access-log", path, "--cache-max-value", "100kb"])
      let redis = try proxyd.connect()
      _ = try redis.query("SET", "k", "hello")
      _ = try redis.query("SET", "large", String(repeating: "x", count: 300_000))
      let client = try HTTPConnection(port: proxyd.httpPort)
      for (method, target, fields, status) in [
        ("GET", "/k", [], 200), ("GET", "/get?key=k", [], 200), ("GET", "/none", [], 404),
        ("GET", "/k", ["Accept: application/json"], 200), ("GET", "/k", ["Range: bytes=1-2"], 206),
        ("DELETE", "/k", [], 405), ("GET", "/large", [], 200), ("OPTIONS", "*", [], 204),
      ] as [(String, String, [String], Int)] {
        try client.send(method, target, fields)
        #expect(try client.receive().status == status)
      }
      // A body that nobody wants, in a piece of its own.
      try client.send("GET", "/k", ["Content-Length: 3", "Expect: 100-continue"])
      #expect(try client.receive().status == 100)
      try client.send(raw: "abc")
      #expect(try client.receive().status == 200)
      let strange = try HTTPConnection(port: proxyd.httpPort)
      try strange.send("GET", "/k k\"")
      #expect(try strange.receive().status == 400)
      let text = try lines(path, 12).map(fields).filter { $0["front"] == "http" }
      #expect(
        text.map { $0["status"] } == [
          "200", "200", "404", "200", "206", "405", "200", "204", "200", "400",
        ])
      #expect(
        text.map { $0["outcome"] } == [
          "miss", "hit", "miss", "hit", "hit", "refused", "passed", "local", "hit", "refused",
        ])
      #expect(text.map { $0["bytes"] }.prefix(5) == ["5", "5", "12", "31", "2"])
      #expect(text[6]["bytes"] == "300000" && text[8]["bytes"] == "5")
      #expect(text[1]["target"] == "\"/get?key=k\"" && text[1]["method"] == "GET")
      #expect(text[9]["target"] == nil && text[9]["method"] == "-")
    }
  }

  @Test func `lines of JSON are JSON, whatever keys and targets are`() throws {
    try withDirectory { directory in
      let path = directory + "/access.log"
      let proxyd = try Proxyd(["--access-log", path, "--log-format", "json"])
      let client = try proxyd.connect()
      var random = SeededGenerator.forTest()
      for _ in 0..<50 {
        let key = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
        try client.send(
          bytes: Array("*2\r\n$3\r\nGET\r\n$20\r\n".utf8) + key + Array("\r\n".utf8))
        #expect(try client.receive() == .bulk(nil))
      }
      let http = try HTTPConnection(port: proxyd.httpPort)
      #expect(try http.get("/a%00%22'|{}").status == 404)
      #expect(try lines(path, 51).count == 51)
      let script = """
        import json, sys
        for line in open(sys.argv[1], encoding='utf-8', errors='strict'):
            event = json.loads(line)
            assert event['event'] in ('http', 'resp') and event['time'].endswith('Z'), event
            assert event['outcome'] == 'miss' and event['microseconds'] >= 0, event
            assert len(event['key'] if event['event'] == 'resp' else event['target']) > 0, event
        print('parsed')
        """
      let (status, output) = try Proxyd.run(program: "python3", ["-c", script, path])
      #expect(status == 0 && output == "parsed\n", "\(output)")
    }
  }

  @Test func `a file that was moved away is made anew by SIGHUP, and nothing is lost`() throws {
    try withDirectory { directory in
      let path = directory + "/access.log"
      let file = try SettingsFile("ACCESS_LOG=\(path)\n")
      let proxyd = try Proxyd(["--config", file.path])
      let client = try proxyd.connect()
      _ = try client.query("GET", "before")
      #expect(try lines(path, 1).count == 1)
      #expect(unsafe rename(path, path + ".1") == 0)
      _ = try client.query("GET", "between")
      #expect(try lines(path + ".1", 2).count == 2)
      proxyd.signal(SIGHUP)
      try poll("it is there again") { unsafe access(path, F_OK) == 0 }
      _ = try client.query("GET", "after")
      #expect(try lines(path, 1).first?.contains("key=\"after\"") == true)
      // Also where the settings make no sense.
      #expect(unsafe rename(path, path + ".2") == 0)
      try file.write("ACCESS_LOG=off\nTHREADS=none\n")
      proxyd.signal(SIGHUP)
      try poll("it is there again") { unsafe access(path, F_OK) == 0 }
      // Off, and on again elsewhere.
      try file.write("ACCESS_LOG=off\n")
      proxyd.signal(SIGHUP)
      try poll("it is off") { proxyd.log.contains("SIGHUP: ACCESS_LOG=off\n") }
      _ = try client.query("GET", "unseen")
      try file.write("ACCESS_LOG=\(directory)/other\nLOG_FORMAT=json\n")
      proxyd.signal(SIGHUP)
      try poll("it is on") { unsafe access(directory + "/other", F_OK) == 0 }
      _ = try client.query("GET", "again")
      #expect(try lines(directory + "/other", 1).first?.contains("\"key\":\"again\"") == true)
      // One that cannot be written changes nothing.
      try file.write("ACCESS_LOG=\(directory)/none/access.log\n")
      proxyd.signal(SIGHUP)
      try poll("it says so") {
        proxyd.log.contains("nothing was changed: ACCESS_LOG: \(directory)/none/access.log cannot")
      }
      _ = try client.query("GET", "last")
      #expect(try lines(directory + "/other", 2).count == 2)
      #expect(proxyd.end(by: SIGTERM) == 0)
      #expect(Proxyd.text(of: path).isEmpty && Proxyd.text(of: path + ".2").contains("after"))
      let all = [path, path + ".1", path + ".2", directory + "/other"].map(Proxyd.text).joined()
      #expect(!all.contains("unseen"))
    }
  }

  @Test func `a full disk is one line, and requests go on`() throws {
    let proxyd = try Proxyd(["--access-log", "/dev/full"])
    let client = try proxyd.connect()
    try poll("it says so") {
      _ = try client.query("GET", "a")
      return proxyd.log.contains("ACCESS_LOG: /dev/full cannot be written: No space left on device")
    }
    for _ in 0..<1_000 { #expect(try client.query("GET", "a") == .bulk(nil)) }
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(proxyd.log.ranges(of: "ACCESS_LOG").count == 1)
  }

  @Test func `a file that cannot be made is one line, and exit status 78`() throws {
    let (status, output) = try Proxyd.run(
      [
        "--access-log", "/nowhere/at/all", "--resp-port", "0", "--admin-port", "0",
        "--http-port", "\(Loopback.freePort())",
      ])
    #expect(status == 78)
    #expect(
      output.hasSuffix(
        "proxyd: ACCESS_LOG: /nowhere/at/all cannot be written: No such file or directory\n"))
  }
}
