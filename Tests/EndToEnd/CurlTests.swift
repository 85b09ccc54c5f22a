import TestSupport
import Testing

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct CurlTests {
  private static let isInstalled = {
    (try? Proxyd.run(program: "curl", ["--version"]))?.status == 0
  }()

  @Test(.enabled(if: Self.isInstalled, "curl is not installed"))
  func `curl is served`() throws {
    let proxyd = try Proxyd(["--http-writes", "on", "--http-max-age", "60"])
    let start = "http://127.0.0.1:\(proxyd.httpPort)"
    func curl(_ words: String...) throws -> String {
      try Proxyd.run(program: "curl", ["-sS", "--max-time", "60"] + words).output
    }
    let status = "%{http_code}"
    #expect(try curl("-w", status, "-X", "PUT", "--data-binary", "hello", "\(start)/k") == "204")
    #expect(try curl("\(start)/k") == "hello")
    #expect(try curl("-G", "--data-urlencode", "key=k", "\(start)/get") == "hello")
    #expect(try proxyd.connect().query("GET", "k").text == "hello")
    _ = try proxyd.connect().query("SET", "k", "changed")
    // Both over one connection, as curl does it.
    #expect(try curl("\(start)/k", "\(start)/k") == "changedchanged")
    #expect(try curl("-H", "Accept: application/json", "\(start)/k").contains("\"changed\""))
    #expect(try curl("-r", "0-2", "-w", status, "\(start)/k") == "cha206")
    #expect(try curl("--http1.0", "\(start)/k") == "changed")
    let head = try curl("-I", "\(start)/k")
    #expect(head.contains("Cache-Control: max-age=60\r\n") && head.contains("ETag: \""))
    #expect(try curl("-w", status, "\(start)/absent") == "no such key\n404")
    #expect(try curl("-w", status, "-X", "DELETE", "\(start)/k") == "204")
    #expect(try curl("-w", status, "-o", "/dev/null", "\(start)/k") == "404")
    let large = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(large) }
    _ = try Proxyd.run(
      program: "sh", ["-c", "head -c 5000000 /dev/urandom > \(large)/in"])
    for upload in [
      ["-T", "\(large)/in"], ["-H", "Transfer-Encoding: chunked", "-T", "\(large)/in"],
    ] {
      let words = ["-sS", "--max-time", "60", "-w", status] + upload + ["\(start)/large"]
      #expect(try Proxyd.run(program: "curl", words).output == "204")
      #expect(try curl("-o", "\(large)/out", "-w", status, "\(start)/large") == "200")
      #expect(try Proxyd.run(program: "cmp", ["\(large)/in", "\(large)/out"]).status == 0)
    }
  }

  @Test func `proxyd without its HTTP front has none`() throws {
    let proxyd = try Proxyd(["--http-port", "0"])
    #expect(throws: ToolError.self) { try Loopback.connect(port: proxyd.httpPort) }
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
  }
}
