import Glibc
import TestSupport
import Testing

/// The live page in a real browser, before the built program under load.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct AdminPageTests {
  private static let hostile = "<img src=x onerror=\"document.title='stolen'\">\u{202E}"

  @Test(
    .enabled(if: BrowserTests.isThere, "chromium or python3 is not installed: make deps-web"),
    .disabled(if: Sanitizer.isPresent, "the page's time is over before it has been answered"))
  func `its figures move under load, and keys are text whatever they say`() async throws {
    let proxyd = try Proxyd(["--threads", "2"])
    _ = try proxyd.connect().query("SET", Self.hostile, "v")
    let isOver = Shared(false)
    let shown = Shared("")
    let (resp, http, admin) = (proxyd.port, proxyd.httpPort, proxyd.adminPort)
    await onThreads(3) { number in
      do {
        if number == 0 {
          defer { isOver.change { $0 = true } }
          let page = try BrowserTests.load("http://127.0.0.1:\(admin)/")
          shown.change { $0 = page }
        } else {
          try Self.load(resp, http, number, until: isOver)
        }
      } catch { Issue.record(error) }
    }
    let page = shown.value
    #expect(proxyd.isRunning)
    #expect(page.contains("<title>proxyd</title>"), "\(page)")
    #expect(page.contains("data-state=\"ready\""))
    for name in ["rate", "hits", "latency", "redis", "limiter", "memory"] {
      let heights = Self.heights(of: name, in: page)
      #expect(heights.count >= 10, "\(name) has \(heights.count) points")
      // What is limited may well be the same all the time.
      if name == "rate" { #expect(Set(heights).count >= 3, "\(heights)") }
    }
    #expect(page.contains("&lt;img src=x onerror="))
    #expect(page.contains("\\u{202e}") && !page.contains("\u{202E}"))
    for outcome in ["RESP hit", "RESP passed", "HTTP hit"] {
      #expect(page.contains(">\(outcome)</th>"), "\(outcome)")
    }
    let main = page.split(separator: "<script").first ?? ""
    #expect(main.contains("tracking</dd>") && !main.contains("NaN") && !main.contains("undefined"))
  }

  private static func load(
    _ resp: UInt16, _ http: UInt16, _ number: Int, until isOver: Shared<Bool>
  ) throws {
    let client = try RESPConnection(port: resp)
    let http = try HTTPConnection(port: http)
    var round = 0
    while !isOver.value {
      for _ in 0..<(round % 20 + 1) { _ = try client.query("GET", hostile) }
      _ = try client.query("SET", "other\(number)", "\(round)")
      _ = try http.get("/other\(number)")
      _ = try http.get("/other\(number)")
      round += 1
    }
  }

  /// How high the points of a plot's first line are.
  private static func heights(of name: String, in page: String) -> [Substring] {
    guard let plot = page.ranges(of: "id=\"plot-\(name)\"").first,
      let line = page[plot.upperBound...].ranges(of: "class=\"line s1\" d=\"M").dropFirst().first
    else { return [] }
    let points = page[line.upperBound...].prefix { $0 != "\"" }.split(separator: "L")
    return points.compactMap { $0.split(separator: " ").last }
  }

  @Test func `it needs nothing from elsewhere, and lets nothing in`() throws {
    let proxyd = try Proxyd()
    let client = try HTTPConnection(port: proxyd.adminPort)
    let (first, second) = (try client.get("/"), try client.get("/"))
    let policy = try #require(
      first.head.split(separator: "\r\n").first { $0.hasPrefix("Content-Security-Policy: ") })
    #expect(policy.contains("default-src 'none'; connect-src 'self'; "))
    #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
    let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first).prefix {
      $0 != "'"
    }
    #expect(first.body.contains("<script nonce=\"\(nonce)\">"))
    #expect(first.body.contains("<style nonce=\"\(nonce)\">"))
    #expect(!second.body.contains(nonce))
    for word in ["http://", "https://", "innerHTML", "eval(", "document.write"] {
      // Names of XML are no addresses.
      let text = first.body.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!text.contains(word), "\(word)")
    }
  }
}
