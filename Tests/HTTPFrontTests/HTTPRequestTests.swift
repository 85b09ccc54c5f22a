import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct HTTPRequestTests {
  typealias Exchange = HTTPExchange

  @Test func `a target and a method say what is to be done`() throws {
    let cases: [(String, HTTPPurpose, String)] = [
      ("GET /get?key=a+b", .read, "a b"), ("HEAD /a%2Fb", .read, "a/b"),
      ("GET /get/", .read, "get/"),
      ("GET http://h/x", .read, "x"), ("GET /€", .read, "€"),
      ("PUT /a", .write(timeToLive: nil), "a"), ("PUT /a?ttl=5", .write(timeToLive: 5), "a"),
      ("PUT /get?ttl=60&key=b", .write(timeToLive: 60), "b"), ("DELETE /a?ttl=x", .delete, "a"),
      ("PUT /a?%74tl=3155760000", .write(timeToLive: 3_155_760_000), "a"),
      ("PUT /a?TTL=x", .write(timeToLive: nil), "a"),
      ("OPTIONS *", .options(isPreflight: false), ""),
      ("OPTIONS /a", .options(isPreflight: false), ""),
    ]
    let exchange = Exchange { $0.allowsWrites = true }
    for (line, purpose, key) in cases {
      let made = try #require(exchange.purpose(Exchange.request(line)))
      #expect(made.purpose == purpose, "\(line)")
      #expect(text(made.key) == key, "\(line)")
    }
  }

  @Test func `what is not done is said why, and leaves no key`() throws {
    let cases: [(String, [String], HTTPStatus)] = [
      ("GET /get", [], .badRequest), ("GET /get?key=a&key=b", [], .badRequest),
      ("GET /", [], .badRequest), ("GET /%zz", [], .badRequest), ("GET *", [], .badRequest),
      ("GET h:80", [], .badRequest), ("GET ftp://h/a", [], .badRequest),
      ("GET /a#b", [], .badRequest), ("POST /a", [], .methodNotAllowed),
      ("PATCH /a", [], .methodNotAllowed), ("TRACE /a", [], .methodNotAllowed),
      ("CONNECT h:80", [], .methodNotAllowed), ("get /a", [], .notImplemented),
      ("BREW /a", [], .notImplemented), ("GET /a", ["Expect: x"], .expectationFailed),
      ("PUT /a?ttl=0", [], .badRequest), ("PUT /a?ttl=-1", [], .badRequest),
      ("PUT /a?ttl=1.5", [], .badRequest), ("PUT /a?ttl=", [], .badRequest),
      ("PUT /a?ttl", [], .badRequest), ("PUT /a?ttl=1&ttl=1", [], .badRequest),
      ("PUT /a?ttl=3155760001", [], .badRequest),
      ("PUT /a?ttl=99999999999999999999", [], .badRequest),
      ("PUT /a", ["If-Match: *"], .notImplemented),
      ("DELETE /a", ["If-None-Match: *"], .notImplemented),
      ("PUT /a", ["Content-Range: bytes 0-1/2"], .badRequest),
      ("PUT /a", ["Content-Encoding: gzip"], .mediaTypeUnsupported),
    ]
    let exchange = Exchange { $0.allowsWrites = true }
    for (line, fields, status) in cases {
      let made = try #require(exchange.purpose(Exchange.request(line, fields)))
      guard case .problem(let problem) = made.purpose else {
        Issue.record("\(line): \(made.purpose)")
        continue
      }
      #expect(problem.status == status, "\(line) \(fields)")
      #expect(!problem.text.isEmpty)
      #expect(made.request.keepsConnection == !line.hasPrefix("CONNECT"))
    }
    for line in ["PUT /a", "DELETE /a"] {
      let made = try #require(Exchange().purpose(Exchange.request(line)))
      #expect(made.purpose == .problem(.writesOff))
    }
  }

  @Test func `the connection goes on as the version and its options have it`() throws {
    let cases: [(String, String)] = [
      ("1.1\r\nHost: a", "implied"), ("1.1\r\nHost: a\r\nConnection: close", "close"),
      ("1.1\r\nHost: a\r\nConnection: keep-alive", "implied"),
      ("1.1\r\nHost: a\r\nConnection: keep-alive, Close", "close"), ("1.0", "close"),
      ("1.0\r\nConnection: Keep-Alive", "keepAlive"),
      ("1.0\r\nConnection: keep-alive\r\nConnection: close", "close"),
      ("1.0\r\nConnection: keep-alive-not", "close"),
    ]
    for (rest, expected) in cases {
      let made = try #require(Exchange().purpose("GET /a HTTP/\(rest)\r\n\r\n"))
      #expect("\(made.request.persistence)" == expected, "\(rest)")
      #expect(made.request.keepsConnection == (expected != "close"))
    }
  }

  @Test(arguments: [
    ("*/*", false), ("", false), ("application/json", true), ("Application/JSON", true),
    ("text/plain", false), ("application/json, */*", true), ("*/*, application/json", true),
    ("application/json, text/plain, */*", false), ("application/json;q=0.9, text/plain", false),
    ("application/json, text/plain;q=0.9", true), ("application/json;q=0", false),
    ("application/json;q=0, */*", false), ("*/*;q=0.1, application/json;q=0.2", true),
    ("application/json;q=0.1, */*;q=0.2", false), ("text/html, image/png", false),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
    ("application/*", false), ("application/*, text/plain;q=0.5", false),
    ("application/json, application/octet-stream", false), ("text/*;q=0.5, application/json", true),
    ("application/json; charset=utf-8", true), ("application/json ; Q=1.000 ", true),
    ("application/json;q=1.001", false), ("application/json;q=2", false),
    ("application/json;q=.5", false), ("application/json;q=", false),
    ("application/json;q=0.0001", false), ("application/json;q=x, */*", false),
    ("application/jsonp", false), ("application/json-seq", false), (",, ,application/json,", true),
    ("*/*;q=0, application/json;q=0.001", true), ("a/b;x=\"application/json,\"", false),
  ])
  func `the form is the one that the client weighs most`(_ accept: String, _ json: Bool) throws {
    let made = try #require(Exchange().purpose(Exchange.request("GET /a", ["Accept: \(accept)"])))
    #expect(made.request.wantsJSON == json)
    let lines = accept.split(separator: ",", omittingEmptySubsequences: false).map {
      "Accept:\($0)"
    }
    if !accept.contains("\"") {
      let split = try #require(Exchange().purpose(Exchange.request("GET /a", lines)))
      #expect(split.request.wantsJSON == json, "in lines of their own")
    }
  }

  @Test func `a body is awaited where its client awaits a word`() throws {
    let cases: [(String, [String], Bool, Bool)] = [
      ("PUT /a", ["Content-Length: 5", "Expect: 100-continue"], true, true),
      ("PUT /a", ["Content-Length: 5", "Expect: 100-Continue"], true, true),
      ("PUT /a", ["Transfer-Encoding: chunked", "Expect: 100-continue"], true, true),
      ("PUT /a", ["Content-Length: 0", "Expect: 100-continue"], false, true),
      ("PUT /a", ["Content-Length: 5"], false, true),
      ("POST /a", ["Content-Length: 5", "Expect: 100-continue"], true, false),
      ("GET /", ["Content-Length: 5", "Expect: 100-continue"], true, false),
      ("GET /a", ["Content-Length: 5", "Expect: 100-continue"], true, true),
    ]
    let exchange = Exchange { $0.allowsWrites = true }
    for (line, fields, awaits, keeps) in cases {
      let made = try #require(exchange.purpose(Exchange.request(line, fields)))
      #expect(made.request.awaitsContinue == awaits, "\(line) \(fields)")
      #expect(made.request.keepsConnection == keeps, "\(line) \(fields)")
    }
    let old = "PUT /a HTTP/1.0\r\nContent-Length: 5\r\nExpect: x\r\n\r\n"
    let made = try #require(exchange.purpose(old))
    #expect(made.purpose == .write(timeToLive: nil) && !made.request.awaitsContinue)
    #expect(
      written { HTTPResponseWriter.appendContinue(to: &$0) }
        == bytes("HTTP/1.1 100 Continue\r\n\r\n"))
  }

  @Test func `a body that nobody wants must be short`() throws {
    let exchange = Exchange { $0.allowsWrites = true }
    for (line, limit) in [
      ("GET /a", Limits.httpBodyDiscardedMax), ("PUT /a", Limits.httpBodyBytesMax),
    ] {
      for (count, expected) in [
        (limit, HTTPBodyReader.BodyStep.partial), (limit + 1, .refused(.bodyTooLarge)),
      ] {
        let made = try #require(
          exchange.purpose(Exchange.request(line, ["Content-Length: \(count)"])))
        var reader = made.purpose.bodyReader(made.request)
        #expect(reader.knownBytesLeft == (count == limit ? count : nil))
        #expect(unsafe reader.take([UInt8]().span.bytes) == expected)
      }
    }
    let made = try #require(exchange.purpose(Exchange.request("GET /a")))
    var reader = made.purpose.bodyReader(made.request)
    #expect(unsafe reader.take(bytes("GET").span.bytes) == .complete(length: 0))
  }

  @Test(arguments: [
    ("", 401), ("Bearer secret:1", 200), ("bearer  secret:1 ", 200), ("Bearer secret:", 401),
    ("Bearer secret:11", 401), ("Bearer ", 401), ("Bearer", 401), ("Bearersecret:1", 401),
    ("Bearer Secret:1", 401), ("Basic OnNlY3JldDox", 200), ("basic dXNlcjpzZWNyZXQ6MQ==", 200),
    ("Basic dXNlcjpzZWNyZXQ6MQ", 200), ("Basic dXNlcjpzZWNyZXQ6MQ=", 401),
    ("Basic dXNlcjpzZWNyZXQ6Mg==", 401), ("Basic dXNlcg==", 401), ("Basic c2VjcmV0OjE=", 401),
    ("Basic dXNlcjpz*WNyZXQ6MQ==", 401), ("Basic dXNlcjpzZWNyZXQ6MQ==dXN", 401), ("Basic", 401),
    ("Basic secret:1", 401), ("Digest secret:1", 401), ("Bearer secret:1secret:1", 401),
  ])
  func `a password is asked for in two schemes`(_ field: String, _ status: Int) throws {
    let exchange = Exchange { $0.password = bytes("secret:1") }
    let fields = field.isEmpty ? [] : ["Authorization: \(field)"]
    let answer = exchange.summary(Exchange.request("GET /a", fields), ["WWW-Authenticate"])
    #expect(answer.hasPrefix("\(status)"))
    #expect(answer.contains("WWW-Authenticate: Basic realm=\"proxyd\"") == (status == 401))
    #expect(Exchange().summary(Exchange.request("GET /a", fields), []).hasPrefix("200"))
    #expect(exchange.summary(Exchange.request("OPTIONS /a", fields), []).hasPrefix("204"))
    let long = "Authorization: Bearer " + String(repeating: "secret:1", count: 1_000)
    #expect(exchange.summary(Exchange.request("GET /a", [long]), []).hasPrefix("401"))
  }

  @Test func `random passwords are known again in either scheme`() {
    var generator = SeededGenerator.forTest()
    for _ in 0..<500 {
      let password = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      var wrong = password
      wrong[Int.random(in: wrong.indices, using: &generator)] ^=
        1 << UInt8.random(in: 0...7, using: &generator)
      for (given, isRight) in [(password, true), (wrong, false), (password + password, false)] {
        let basic = written { output in
          output.append("Basic ")
          output.appendBase64(unsafe (bytes("user:") + given).span.bytes)
        }
        #expect(unsafe Authorization.gives(password, basic.span.bytes) == isRight)
      }
    }
  }
}
