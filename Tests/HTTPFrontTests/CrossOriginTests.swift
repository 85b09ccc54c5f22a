import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct CrossOriginTests {
  typealias Exchange = HTTPExchange

  @Test func `the setting is nothing, everybody, or origins`() {
    #expect(CrossOrigin("") == .noOrigin)
    #expect(CrossOrigin("*") == .everybody)
    #expect(
      CrossOrigin("http://a, https://b.c:8443")
        == .listed([bytes("http://a"), bytes("https://b.c:8443")]))
    let invalid = [
      "a", "http://", "://a", "http://a/", "http://a/b", "http://a*", "*, http://a",
      "http://a\r\nX: b",
      "http:/a", "http ://a",
      (0...Limits.httpOriginsMax).map { "http://h\($0)" }.joined(separator: " "),
    ]
    for setting in invalid { #expect(CrossOrigin(setting) == nil, "\(setting)") }
  }

  @Test func `pages of other origins may read what the operator lets them`() {
    let names = ["Access-Control", "Vary"]
    let expose =
      " | Access-Control-Expose-Headers: Age, Cache-Status, Content-Range, ETag, Retry-After"
    func answer(_ setting: String, _ fields: [String]) -> String {
      let exchange = Exchange { $0.crossOrigin = CrossOrigin(setting) ?? .noOrigin }
      return exchange.summary(Exchange.request("HEAD /a", fields), names)
    }
    #expect(answer("", ["Origin: http://a"]) == "200 | Vary: Accept")
    #expect(
      answer("*", ["Origin: http://a"])
        == "200 | Access-Control-Allow-Origin: *\(expose) | Vary: Accept")
    #expect(answer("*", []) == "200 | Vary: Accept")
    #expect(
      answer("http://b http://a", ["Origin: http://a"])
        == "200 | Access-Control-Allow-Origin: http://a\(expose) | Vary: Accept, Origin")
    for other in ["http://c", "HTTP://A", "http://a.b", "null", ""] {
      #expect(answer("http://b http://a", ["Origin: \(other)"]) == "200 | Vary: Accept, Origin")
    }
    #expect(answer("http://a", []) == "200 | Vary: Accept, Origin")
  }

  @Test func `a browser is told before what it may send`() {
    let fields = ["Origin: http://a", "Access-Control-Request-Method: PUT"]
    let request = Exchange.request("OPTIONS /a", fields)
    let open = Exchange {
      $0.crossOrigin = .everybody
      $0.allowsWrites = true
      $0.allowsCrossOriginWrites = true
      $0.password = bytes("x")
    }
    #expect(
      open.response(request) == """
        HTTP/1.1 204 No Content\r
        Date: D\r
        Access-Control-Allow-Origin: *\r
        Access-Control-Expose-Headers: Age, Cache-Status, Content-Range, ETag, Retry-After\r
        Vary: Accept\r
        Allow: GET, HEAD, OPTIONS, PUT, DELETE\r
        Access-Control-Allow-Methods: GET, HEAD, OPTIONS, PUT, DELETE\r
        Access-Control-Allow-Headers: Authorization, Accept, Content-Type, If-Match, \
        If-None-Match, If-Range, Range, *\r
        Access-Control-Max-Age: 600\r
        \r\n
        """)
    #expect(
      Exchange().response(request)
        == "HTTP/1.1 204 No Content\r\nDate: D\r\nVary: Accept\r\nAllow: GET, HEAD, OPTIONS\r\n\r\n"
    )
    let plain = Exchange.request("OPTIONS *", ["Origin: http://a"])
    #expect(open.summary(plain, ["Access-Control-Allow-M"]) == "204")
  }

  @Test func `an error can be read by the page as well`() {
    let open = Exchange { $0.crossOrigin = .everybody }
    let request = Exchange.request("GET /", ["Origin: http://a"])
    #expect(
      open.summary(request, ["Access-Control-Allow-Origin"]).hasPrefix(
        "400 | Access-Control-Allow-Origin: *"))
  }

  /// Who may write: `own` is a page of this server's, `foreign` one of another that may read.
  @Test(arguments: [
    ("", false, "200 204 403 403"), ("*", false, "200 204 403 403"), ("*", true, "200 204 204 204"),
    ("http://a.example", false, "200 204 403 403"), ("http://a.example", true, "200 204 204 403"),
    ("http://b.example", true, "200 204 403 403"), ("", true, "200 204 403 403"),
  ])
  func `reading from other origins is one thing, and writing another`(
    _ origins: String, _ mayWrite: Bool, _ statuses: String
  ) {
    let exchange = Exchange {
      $0.crossOrigin = CrossOrigin(origins) ?? .noOrigin
      $0.allowsWrites = true
      $0.allowsCrossOriginWrites = mayWrite
    }
    func status(_ line: String, _ origin: String) -> String {
      String(exchange.summary(Exchange.request(line, ["Origin: \(origin)"]), []).prefix(3))
    }
    for line in ["PUT /k", "DELETE /k"] {
      let seen = [
        status("GET /k", "http://a.example"), status(line, "http://a"),
        status(line, "http://a.example"), status(line, "http://c.example"),
      ]
      #expect(seen.joined(separator: " ") == statuses, "\(line)")
      #expect(status(line, "null") == (origins == "*" && mayWrite ? "204" : "403"))
      #expect(exchange.summary(Exchange.request(line), []).hasPrefix("204"), "no browser")
    }
    let preflight = Exchange.request(
      "OPTIONS /k", ["Origin: http://a.example", "Access-Control-Request-Method: PUT"])
    let isAllowed = statuses.hasPrefix("200 204 204")
    let line = "Access-Control-Allow-Methods"
    let answer = exchange.summary(preflight, [line])
    #expect(answer.contains("PUT") == isAllowed)
  }

  @Test func `a refused write says how it would be allowed`() {
    let exchange = Exchange { $0.allowsWrites = true }
    let answer = exchange.summary(Exchange.request("PUT /k", ["Origin: https://x.example"]), [])
    #expect(answer.hasPrefix("403 || pages of other origins may not write here: HTTP_CORS_ORIGIN "))
    // What is another port, or a longer name, is another origin.
    for origin in ["http://a:1", "http://aa", "ftp://a", "http://", "a", ""] {
      let request = Exchange.request("DELETE /k", ["Origin: \(origin)"])
      #expect(exchange.summary(request, []).hasPrefix("403"), "\(origin)")
    }
    #expect(
      exchange.summary(Exchange.request("DELETE /k", ["Origin: https://a"]), []).hasPrefix("204"))
  }
}
