import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct HTTPResponseTests {
  typealias Exchange = HTTPExchange

  @Test func `a value is answered to the letter`() {
    let head = """
      HTTP/1.1 200 OK\r
      Date: D\r
      Content-Type: text/plain; charset=utf-8\r
      X-Content-Type-Options: nosniff\r
      Accept-Ranges: bytes\r
      Cache-Control: no-cache\r
      Vary: Accept\r
      ETag: "ddb6304c442f9682"\r
      Age: 3\r
      Cache-Status: proxyd; hit; ttl=12\r
      Content-Length: 5\r
      \r\n
      """
    #expect(Exchange().response(Exchange.request("GET /a")) == head + "hello")
    #expect(Exchange().response(Exchange.request("HEAD /a")) == head)
  }

  @Test func `bytes that are no text are called so`() {
    var exchange = Exchange()
    exchange.value = [0xFF]
    #expect(
      exchange.summary(Exchange.request("HEAD /a"), ["Content-"])
        == "200 | Content-Type: application/octet-stream | Content-Length: 1")
    exchange.value = []
    #expect(
      exchange.summary(Exchange.request("GET /a"), ["Content-"])
        == "200 | Content-Type: text/plain; charset=utf-8 | Content-Length: 0")
  }

  @Test func `JSON has its own tag`() {
    let json = Exchange.request("GET /a%22", ["Accept: application/json"])
    #expect(
      Exchange().summary(json, ["Content-", "ETag", "Vary", "Accept"])
        == "200 | Content-Type: application/json | Vary: Accept | "
        + "ETag: \"ddb6304c442f9682-json\" | Content-Length: 33 || {\"key\": \"a\\\"\", \"value\": \"hello\"}\n"
    )
    #expect(
      Exchange().summary(json.replacing("GET", with: "HEAD"), ["Content-Length"])
        == "200 | Content-Length: 33")
  }

  @Test func `an absent key is a short line`() {
    var exchange = Exchange()
    exchange.value = nil
    #expect(
      exchange.response(Exchange.request("GET /a")) == """
        HTTP/1.1 404 Not Found\r
        Date: D\r
        Vary: Accept\r
        Cache-Control: no-cache\r
        Age: 3\r
        Cache-Status: proxyd; hit; ttl=12\r
        Content-Type: text/plain; charset=utf-8\r
        X-Content-Type-Options: nosniff\r
        Content-Length: 12\r
        \r
        no such key\n
        """)
    #expect(
      exchange.summary(Exchange.request("GET /a", ["Accept: application/json"]), ["Content"])
        == "404 | Content-Type: application/json | Content-Length: 25 || {\"error\": \"no such key\"}\n"
    )
    #expect(
      exchange.summary(Exchange.request("HEAD /a"), ["Content-L"]) == "404 | Content-Length: 12")
  }

  @Test func `the cache tells what it did`() {
    var exchange = Exchange()
    let cases: [(CacheOutcome, String)] = [
      (.hit(age: 0, timeToLive: 300), "Age: 0 | Cache-Status: proxyd; hit; ttl=300"),
      (.hit(age: 70, timeToLive: -10), "Age: 70 | Cache-Status: proxyd; hit; ttl=-10"),
      (.fetched(stored: true, collapsed: false), "Cache-Status: proxyd; fwd=miss; stored"),
      (
        .fetched(stored: true, collapsed: true), "Cache-Status: proxyd; fwd=miss; stored; collapsed"
      ),
      (.fetched(stored: false, collapsed: false), "Cache-Status: proxyd; fwd=miss"),
      (.stale(age: 0), "Age: 0 | Cache-Status: proxyd; fwd=stale; detail=redis-away"),
      (.stale(age: 4_294_967), "Age: 4294967 | Cache-Status: proxyd; fwd=stale; detail=redis-away"),
      (.bypassed, "Cache-Status: proxyd; fwd=bypass"),
    ]
    for (outcome, lines) in cases {
      exchange.outcome = outcome
      #expect(
        exchange.summary(Exchange.request("HEAD /a"), ["Age", "Cache-Status"]) == "200 | " + lines)
    }
  }

  @Test func `how long others may keep a value is the operator's decision`() {
    let exchange = Exchange { $0.maxAgeSeconds = 60 }
    #expect(
      exchange.summary(Exchange.request("HEAD /a"), ["Cache-Control"])
        == "200 | Cache-Control: max-age=60")
    var absent = exchange
    absent.value = nil
    #expect(
      absent.summary(Exchange.request("HEAD /a"), ["Cache-Control"])
        == "404 | Cache-Control: no-cache")
  }

  static let tag = "\"ddb6304c442f9682\""

  @Test(arguments: [
    ("If-None-Match: TAG", 304), ("If-None-Match: W/TAG", 304), ("If-None-Match: *", 304),
    ("If-None-Match: \"x\", TAG", 304), ("If-None-Match: \"x,\" , W/TAG,", 304),
    ("If-None-Match: \"x\"\r\nIf-None-Match: TAG", 304), ("If-None-Match: \"x\"", 200),
    ("If-None-Match: w/TAG", 200), ("If-None-Match: \"ddb6304c442f9682-json\"", 200),
    ("If-None-Match: \"DDB6304C442F9682\"", 200), ("If-None-Match: ddb6304c442f9682", 200),
    ("If-None-Match: \"ddb6304c442f9682", 200), ("If-None-Match:", 200), ("If-Match: TAG", 200),
    ("If-Match: *", 200), ("If-Match: W/TAG", 412), ("If-Match: \"x\"", 412),
    ("If-Match: \"x\"\r\nIf-Match: TAG", 200), ("If-Match: \"x\"\r\nIf-None-Match: TAG", 412),
    ("If-Match: TAG\r\nIf-None-Match: TAG", 304),
    ("If-None-Match: \"ddb6304c442f9682-html\"", 200), ("If-None-Match: \"-db6304c442f9682\"", 200),
    ("If-None-Match: TAG\r\nRange: bytes=0-0", 304), ("If-Match: TAG\r\nRange: bytes=0-0", 206),
    ("If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT", 200),
  ])
  func `conditions are weighed in the standard's order`(_ fields: String, _ status: Int) {
    let fields = [fields.replacing("TAG", with: Self.tag)]
    for method in ["GET", "HEAD"] {
      let request = Exchange.request("\(method) /a", fields)
      let answer = Exchange().summary(request, [])
      let expected = status == 206 && method == "HEAD" ? 200 : status
      #expect(answer.hasPrefix("\(expected)"), "\(method)")
      #expect(status != 304 || answer == "304")
    }
  }

  @Test func `what the client has is confirmed with what caches need`() {
    let request = Exchange.request("GET /a", ["If-None-Match: \(Self.tag)"])
    #expect(
      Exchange().response(request) == """
        HTTP/1.1 304 Not Modified\r
        Date: D\r
        Cache-Control: no-cache\r
        Vary: Accept\r
        ETag: \(Self.tag)\r
        Age: 3\r
        Cache-Status: proxyd; hit; ttl=12\r
        \r\n
        """)
    let json = ["Accept: application/json", "If-None-Match: \"ddb6304c442f9682-json\""]
    #expect(Exchange().summary(Exchange.request("GET /a", json), []) == "304")
  }

  @Test func `tags are bounded`() {
    let others = (0..<Limits.httpTagsMax).map { "\"000000000000000\($0 % 10)\"" }
    let foreign = (0..<100).map { "\"x\($0)\"" }
    let full = (foreign + others.dropLast() + [Self.tag]).joined(separator: ", ")
    #expect(Exchange().summary(Exchange.request("GET /a", ["If-None-Match: \(full)"]), []) == "304")
    let overfull = (others + [Self.tag]).joined(separator: ", ")
    for field in ["If-None-Match", "If-Match"] {
      let request = Exchange.request("GET /a", ["\(field): \(overfull)"])
      #expect(Exchange().summary(request, []).hasPrefix("400"))
    }
  }

  @Test(arguments: [
    ("bytes=0-0", "206 | Content-Range: bytes 0-0/5 | Content-Length: 1 || h"),
    ("bytes=1-", "206 | Content-Range: bytes 1-4/5 | Content-Length: 4 || ello"),
    ("bytes=1-99", "206 | Content-Range: bytes 1-4/5 | Content-Length: 4 || ello"),
    ("bytes=-2", "206 | Content-Range: bytes 3-4/5 | Content-Length: 2 || lo"),
    ("bytes=-99", "206 | Content-Range: bytes 0-4/5 | Content-Length: 5 || hello"),
    ("Bytes= 4-4 ", "206 | Content-Range: bytes 4-4/5 | Content-Length: 1 || o"),
    (
      "bytes=0-99999999999999999999999",
      "206 | Content-Range: bytes 0-4/5 | Content-Length: 5 || hello"
    ),
    ("bytes=5-", "416 | Content-Range: bytes */5"),
    ("bytes=9-10", "416 | Content-Range: bytes */5"),
    ("bytes=-0", "416 | Content-Range: bytes */5"),
    ("bytes=99999999999999999999999-", "416 | Content-Range: bytes */5"),
    ("bytes=2-1", "200"), ("bytes=0-1,3-4", "200"), ("bytes=0-1, ", "200"), ("bytes=", "200"),
    ("bytes=-", "200"), ("bytes=a-b", "200"), ("bytes=0-1x", "200"), ("bytes=+0-1", "200"),
    ("bytes=0 - 1", "200"), ("bytes 0-1", "200"), ("lines=0-1", "200"), ("", "200"),
    ("bytes=--1", "200"), ("bytes=1--", "200"),
  ])
  func `a part is answered where one is asked for`(_ range: String, _ expected: String) {
    let request = Exchange.request("GET /a", ["Range: \(range)"])
    let answer = Exchange().summary(request, ["Content-Range", "Content-Length"])
    if expected == "200" {
      #expect(answer == "200 | Content-Length: 5 || hello")
    } else {
      #expect(answer.hasPrefix(expected))
    }
    #expect(Exchange().summary(Exchange.request("HEAD /a", ["Range: \(range)"]), []) == "200")
    var empty = Exchange()
    empty.value = []
    #expect(empty.summary(request, []) == "200")
    let json = Exchange.request("GET /a", ["Range: \(range)", "Accept: application/json"])
    #expect(Exchange().summary(json, []).hasPrefix("200"))
  }

  @Test(arguments: [
    ("TAG", 206), ("W/TAG", 200), ("\"x\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ("*", 200),
    ("", 200), ("\"ddb6304c442f9682-json\"", 200),
  ])
  func `a part is only of the value that the client knows`(_ condition: String, _ status: Int) {
    let condition = condition.replacing("TAG", with: Self.tag)
    for range in ["bytes=0-1", "bytes=9-"] {
      let request = Exchange.request("GET /a", ["Range: \(range)", "If-Range: \(condition)"])
      let expected = status == 206 && range == "bytes=9-" ? 416 : status
      #expect(Exchange().summary(request, []).hasPrefix("\(expected)"))
    }
  }

  @Test func `a streamed value has no tag and no parts, a shared one both`() throws {
    let request = Exchange.request("GET /a", ["Range: bytes=1-2", "If-None-Match: \"x\""])
    let made = try #require(Exchange().purpose(request))
    let writer = HTTPResponseWriter(HTTPSettings(), now: .now)
    var part = 0..<0
    let streamed = written { output in
      part = writer.appendHead(
        .streamed(count: 5_000_000), for: made.request, .bypassed, to: &output)
    }
    #expect(part == 0..<5_000_000)
    #expect(text(streamed).hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(!text(streamed).contains("ETag") && text(streamed).hasSuffix("5000000\r\n\r\n"))
    let shared = written { output in
      part = writer.appendHead(
        .shared(count: 5_000, isText: true, hash: 0xAB), for: made.request, .bypassed, to: &output)
    }
    #expect(part == 1..<3)
    #expect(text(shared).contains("Content-Range: bytes 1-2/5000\r\n"))
    #expect(text(shared).contains("ETag: \"00000000000000ab\"\r\n"))
  }

  @Test func `the connection's end is announced`() {
    let old = "GET /a HTTP/1.0\r\n\r\n"
    #expect(Exchange().summary(old, ["Connection"]).hasPrefix("200 | Connection: close"))
    let kept = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    #expect(Exchange().summary(kept, ["Connection"]).hasPrefix("200 | Connection: keep-alive"))
    let closed = Exchange.request("GET /a", ["Connection: close", "If-None-Match: *"])
    #expect(Exchange().summary(closed, ["Connection"]) == "304 | Connection: close")
  }

  @Test func `problems carry what helps`() throws {
    let names = ["Allow", "Retry-After", "Cache-Control"]
    #expect(
      Exchange().summary(Exchange.request("POST /a"), names)
        == "405 | Cache-Control: no-store | Allow: GET, HEAD, OPTIONS || keys have no such method\n"
    )
    let writing = Exchange { $0.allowsWrites = true }
    #expect(
      writing.summary(Exchange.request("TRACE /a"), ["Allow"]).hasPrefix(
        "405 | Allow: GET, HEAD, OPTIONS, PUT, DELETE"))
    #expect(
      writing.summary(Exchange.request("PUT /a"), ["Vary", "Content"]) == "204 | Vary: Accept")
    let request = try #require(Exchange().purpose(Exchange.request("GET /a"))).request
    let writer = HTTPResponseWriter(HTTPSettings(), now: .now)
    let cases: [(HTTPProblem, String, Bool)] = [
      (.wrongType, "409 Conflict", false), (.redisFailed("ERR x"), "502 Bad Gateway", false),
      (.redisAway("away"), "503 Service Unavailable", true),
      (.overloaded("MAX_QUEUE"), "503 Service Unavailable", true),
      (.redisTimedOut, "504 Gateway Timeout", false),
    ]
    for (problem, status, retries) in cases {
      let answer = text(written { writer.append(problem, for: request, to: &$0) })
      #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
      #expect(answer.contains("Retry-After: 1\r\n") == retries)
      #expect(answer.hasSuffix("\r\n\r\n\(problem.text)\n"))
    }
  }

  @Test func `what goes wrong behind is a status that says whose turn it is`() {
    func redis(_ reason: RedisError.Reason) -> ProxyError {
      .redis(RedisError(server: "a:1", reason: reason))
    }
    let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
    let cases: [(ProxyError, HTTPStatus, Bool)] = [
      (redis(.errorReply(RESPError(wrongType))), .conflict, false),
      (redis(.errorReply(RESPError("WRONGTYPES x"))), .badGateway, false),
      (redis(.errorReply(RESPError("NOPERM no"))), .badGateway, false),
      (redis(.errorReply(RESPError(""))), .badGateway, false),
      (redis(.timedOut), .gatewayTimeout, false),
      (redis(.connectionRefused), .serviceUnavailable, true),
      (redis(.connectionLost(outcomeUnknown: true)), .serviceUnavailable, true),
      (redis(.loading(RESPError("LOADING"))), .serviceUnavailable, true),
      (redis(.notRedis), .badGateway, false), (redis(.protocolDefect("x")), .badGateway, false),
      (redis(.replyTooDeep(limit: 1)), .badGateway, false),
      (redis(.readOnly(RESPError("READONLY"))), .badGateway, false),
      (.limiter(.queueFull(limit: 1)), .serviceUnavailable, true),
      (.readLimit(1), .serviceUnavailable, true), (.requestTooLarge, .contentTooLarge, false),
    ]
    for (error, status, isPassing) in cases {
      let problem = HTTPProblem(error)
      #expect(problem.status == status, "\(error)")
      #expect(problem.isPassing == isPassing, "\(error)")
    }
  }

  @Test func `no text can forge a line`() throws {
    let request = try #require(Exchange().purpose(Exchange.request("GET /a"))).request
    let writer = HTTPResponseWriter(HTTPSettings(), now: .now)
    let problem = HTTPProblem.redisFailed("ERR a\r\nb\0c")
    let answer = text(written { writer.append(problem, for: request, to: &$0) })
    #expect(answer.hasSuffix("Content-Length: 11\r\n\r\nERR a  b c\n"))
  }

  @Test func `bytes that are no request are answered once and for all`() {
    let writer = HTTPResponseWriter(HTTPSettings(), now: .now)
    #expect(
      Exchange.undated(written { writer.append(.lengthAndEncoding, to: &$0) }) == """
        HTTP/1.1 400 Bad Request\r
        Date: D\r
        Connection: close\r
        Cache-Control: no-store\r
        Content-Type: text/plain; charset=utf-8\r
        X-Content-Type-Options: nosniff\r
        Content-Length: 56\r
        \r
        Content-Length and Transfer-Encoding exclude each other\n
        """)
    let head = Exchange.undated(
      written { writer.append(.lengthAndEncoding, isHead: true, to: &$0) })
    #expect(head.hasSuffix("Content-Length: 56\r\n\r\n"))
  }

  @Test func `status lines begin with their numbers`() {
    for status in HTTPStatus.allCases {
      #expect(status.line.description.hasPrefix("HTTP/1.1 \(status.rawValue) "))
      #expect(status.line.description.hasSuffix("\r\n"))
    }
  }
}
