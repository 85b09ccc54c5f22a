import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// A page whose name leads to this machine must not read from here.
@Suite struct HostRuleTests {
  @Test(arguments: [
    ("127.0.0.1", true), ("127.0.0.1:8080", true), ("192.0.2.7", true), ("[::1]", true),
    ("[::1]:8080", true), ("localhost", true), ("LocalHost:8080", true), ("localhost.", true),
    ("app.localhost:1", true), ("Cache.Internal:80", true), ("cache.internal.", true),
    ("2130706433", true), ("evil.example", false), ("127.0.0.1.evil.example", false),
    ("evil.example:127", false), ("localhost.evil.example", false), ("notlocalhost", false),
    (".localhost.x", false), ("xcache.internal", false), ("cache.internal.evil.example", false),
    ("0x7f.1", false), ("", false), (":80", false), ("1a", false), (".", false),
  ])
  func `names that others may own are not answered`(_ host: String, _ isAllowed: Bool) {
    let host = bytes(host)
    let answer = HostRule.local(["Cache.internal"]).allows(host.rawSpan)
    #expect(answer == isAllowed)
    let anyAnswer = HostRule.any.allows(host.rawSpan)
    #expect(anyAnswer)
  }

  @Test func `the rule holds where nothing else keeps strangers out`() {
    var options = HTTPOptions()
    options.hostNames = ["name"]
    #expect(options.settingsInForce.hosts == .local(["name"]))
    options.settings.password = bytes("x")
    #expect(options.settingsInForce.hosts == .any)
    options.settings.password = []
    options.isProtected = false
    #expect(options.settingsInForce.hosts == .any)
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
  func `a page that took over a name neither reads nor writes`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "k", "secret")
    let client = try stack.connect()
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
      for field in ["Origin: http://evil.example", "X: y"] {
        let body = method == "PUT" ? "Content-Length: 1\r\n\r\nx" : "\r\n"
        try client.send("\(method) /k HTTP/1.1\r\nHost: evil.example\r\n\(field)\r\n\(body)")
        let reply = try client.receive(isHead: method == "HEAD")
        #expect(reply.status == 421 && !reply.description.contains("secret"))
        #expect(reply["Access-Control-Allow-Origin"] == nil)
      }
    }
    #expect(try stack.server.query("GET", "k").text == "secret")
    try client.send("GET /k HTTP/1.0\r\n\r\n")
    #expect(try client.receive().text == "secret")
  }

  /// RFC 9112, section 3.2.2: what `Host` says beside an absolute target does not count.
  @Test(arguments: [
    ("http://localhost/k", "evil.example", 200), ("http://127.0.0.1:1/k", "evil.example", 200),
    ("http://evil.example/k", "localhost", 421), ("HTTPS://evil.example:80/k", "127.0.0.1", 421),
    ("http://localhost@evil.example/k", "localhost", 421),
    ("http://localhost:80@evil.example/k", "localhost", 421),
    ("http://a@b@evil.example/k", "localhost", 421), ("http://evil.example@localhost/k", "x", 200),
    ("http://evil.example?k", "localhost", 421), ("/http://evil.example/k", "localhost", 200),
    ("/k", "localhost", 200), ("/k", "evil.example", 421),
  ])
  func `the host of an absolute target counts`(_ target: String, _ host: String, _ status: Int) {
    let exchange = HTTPExchange { $0.hosts = .local([]) }
    let request = "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
    #expect(exchange.summary(request, []).hasPrefix("\(status)"))
    let old = "GET \(target) HTTP/1.0\r\n\r\n"
    let isNamed = !target.hasPrefix("/") && status == 421
    #expect(exchange.summary(old, []).hasPrefix(isNamed ? "421" : "200"))
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
  func `a head that is known does not let the host of a target pass`() throws {
    let stack = try HTTPStack()
    _ = try stack.server.query("SET", "k", "secret")
    let client = try stack.connect()
    for _ in 0..<3 {
      try client.send("GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try client.receive().text == "secret")
      try client.send("GET http://evil.example/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try client.receive().status == 421)
    }
  }
}
