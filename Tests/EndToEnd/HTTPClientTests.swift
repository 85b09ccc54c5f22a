import Glibc
import TestSupport
import Testing

/// Programs that people use with HTTP servers, before the built program. `make deps` installs them.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPClientTests {
  static let root =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  static func answers(_ words: [String]) -> Bool {
    (try? Proxyd.run(program: words[0], Array(words.dropFirst())))?.status == 0
  }

  /// Where `make deps` puts the packages, or wherever the system has them.
  private static let python = ["\(root)/.build/python/bin/python", "python3"].first {
    answers([$0, "-c", "import aiohttp, httpx, redis"])
  }
  private static let hasWrk = answers(["sh", "-c", "command -v wrk"])
  private static let hasH2load = answers(["sh", "-c", "command -v h2load"])

  @Test(.enabled(if: python != nil, "aiohttp, httpx or redis-py is not installed: make deps-web"))
  func `clients of Python are served, and both fronts agree`() throws {
    let proxyd = try Proxyd(["--http-writes", "on", "--threads", "2"])
    let python = try #require(Self.python)
    let (status, output) = try Proxyd.run(
      program: "timeout",
      ["200", python, "\(Self.root)/Tests/Suites/http_clients.py", "\(proxyd.httpPort)"]
        + ["\(proxyd.port)"])
    #expect(status == 0, "\(output)")
    #expect(output.contains("all as it should be"), "\(output)")
  }

  @Test(.enabled(if: hasWrk, "wrk is not installed: make deps-web"))
  func `wrk gets every response that it asks for, also deep in a pipeline`() throws {
    let proxyd = try Proxyd(["--threads", "2"])
    _ = try proxyd.connect().query("SET", "k", String(repeating: "x", count: 64))
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let script = "\(directory)/pipeline.lua"
    let lines =
      "init = function() batch = string.rep(wrk.format(), 16) end; "
      + "request = function() return batch end"
    #expect(try Proxyd.run(program: "sh", ["-c", "echo '\(lines)' > \(script)"]).status == 0)
    let words = ["-t", "1", "-c", "20", "-d", "1s", "http://127.0.0.1:\(proxyd.httpPort)/k"]
    for words in [words, ["-s", script] + words] {
      let (status, output) = try Proxyd.run(program: "timeout", ["60", "wrk"] + words)
      #expect(status == 0 && output.contains("requests in"), "\(output)")
      #expect(!output.contains("Socket errors") && !output.contains("Non-2xx"), "\(output)")
    }
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
  }

  @Test(.enabled(if: hasH2load, "h2load is not installed: make deps-web"))
  func `h2load gets all of its responses`() throws {
    let proxyd = try Proxyd(["--threads", "2"])
    _ = try proxyd.connect().query("SET", "k", "value")
    let start = "http://127.0.0.1:\(proxyd.httpPort)"
    let (status, output) = try Proxyd.run(
      program: "timeout",
      ["60", "h2load", "--h1", "-n", "4000", "-c", "20", "-m", "8", "\(start)/k", "\(start)/k?x"])
    #expect(status == 0, "\(output)")
    #expect(
      output.contains("4000 done, 4000 succeeded, 0 failed, 0 errored, 0 timeout"), "\(output)")
    #expect(output.contains("4000 2xx, 0 3xx, 0 4xx, 0 5xx"), "\(output)")
  }
}
