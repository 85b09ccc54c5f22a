import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

/// Heads that are known again mean what they would mean if they were parsed.
@Suite struct PlainHeadsTests {
  private static let known = [
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: localhost:80\r\nUser-Agent: x/1\r\nAccept: */*\r\n\r\n",
    "GET /get?key=%41b HTTP/1.1\r\nhost:a\r\nConnection: keep-alive\r\n\r\n",
  ]

  /// What the parser and the request make of `input`, as far as that concerns a plain GET.
  private func parsed(_ input: [UInt8]) -> (target: Range<Int>, end: Int)? {
    var parser = HTTPRequestParser()
    guard case .request(let end) = parser.parse(input.rawSpan) else { return nil }
    var request = HTTPRequest(parser.head, in: input.rawSpan, HTTPSettings())
    var key = ByteBuffer()
    let purpose = request.purpose(parser.head, in: input.rawSpan, HTTPSettings(), key: &key)
    let isPlain = request.method == .get && request.body == .none && request.isPlain
    // A target that names no key is found out later, in both cases.
    guard case .problem(let problem) = purpose, problem.status == .badRequest else {
      return isPlain && purpose == .read ? (parser.head.target, end) : nil
    }
    return isPlain ? (parser.head.target, end) : nil
  }

  @Test func `what is known again is what the parser would have found`() {
    var generator = SeededGenerator.forTest()
    let alphabet = bytes("\r\n\r\n :?#%&=/abHG\t\0\u{7F}")
    var (foundCount, otherCount) = (0, 0)
    for text in Self.known {
      var heads = PlainHeads()
      guard let (target, end) = parsed(bytes(text)) else {
        Issue.record("no plain request: \(text)")
        continue
      }
      let number = heads.keep(bytes(text).rawSpan.extracting(target.upperBound..<end))
      for _ in 0..<4_000 {
        var input = bytes(text)
        let changesMax = Int.random(in: 0...3, using: &generator)
        for _ in 0..<changesMax {
          // Mostly in the target, where something may be different.
          let reach = Bool.random(using: &generator) ? target.upperBound + 2 : input.count
          let at = Int.random(in: 0..<min(reach, input.count), using: &generator)
          let byte = alphabet.randomElement(using: &generator) ?? 0
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: input[at] = byte
          case 1: input.insert(byte, at: at)
          case 2: input.remove(at: at)
          default: input.insert(UInt8.random(in: 0...255, using: &generator), at: at)
          }
        }
        if Int.random(in: 0..<4, using: &generator) == 0 {
          input.removeLast(Int.random(in: 0..<input.count, using: &generator))
        } else {
          input += bytes(text).prefix(Int.random(in: 0...20, using: &generator))
        }
        let found = heads.find(number, in: input.rawSpan)
        let expected = parsed(input)
        if let found {
          foundCount += 1
          if found.target != expected?.target || found.end != expected?.end {
            Issue.record("\(shown(input)): \(found), parsed: \(String(describing: expected))")
          }
        } else {
          otherCount += 1
        }
      }
    }
    #expect(foundCount > 1_000 && otherCount > 1_000)
  }

  @Test(arguments: [
    ("GET", "User-Agent: x", true), ("GET", "Authorization: Bearer x", false),
    ("GET", "authorization:Basic eDp5", false), ("HEAD", "User-Agent: x", false),
    ("GET", "Content-Length: 1", false), ("GET", "Range: bytes=0-", false),
    ("GET", "Connection: close", false), ("GET", "Accept: application/json", false),
  ])
  func `no credentials are kept, nor what is not plain`(
    _ method: String, _ line: String, _ mayBeKnown: Bool
  ) {
    let input = bytes("\(method) /a HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
    var parser = HTTPRequestParser()
    guard case .request = parser.parse(input.rawSpan) else {
      Issue.record("no request: \(line)")
      return
    }
    let request = HTTPRequest(parser.head, in: input.rawSpan, HTTPSettings())
    #expect(request.mayBeKnown(by: parser.head) == mayBeKnown)
  }

  @Test func `a request line that is too long is not known`() {
    let rest = " HTTP/1.1\r\nHost: a\r\n\r\n"
    var heads = PlainHeads()
    let number = heads.keep(bytes(rest).rawSpan)
    for (count, isKnown) in [(1, true), (1_000, true), (Limits.httpLineBytesMax, false)] {
      let input = bytes("GET /" + String(repeating: "k", count: count) + rest)
      #expect((heads.find(number, in: input.rawSpan) != nil) == isKnown)
    }
  }

  @Test func `as many heads as there are places are kept, and no long one`() {
    var heads = PlainHeads()
    let rests = (0..<8).map { bytes(" HTTP/1.1\r\nHost: \($0)\r\n\r\n") }
    let numbers = rests.map { heads.keep($0.rawSpan) }
    #expect(Set(numbers).count == 8)
    #expect(rests.map { heads.keep($0.rawSpan) } == numbers)
    let long = [UInt8](repeating: 0x61, count: Limits.httpHeadKeptMax + 1)
    _ = heads.keep(long.rawSpan)
    #expect(rests.map { heads.keep($0.rawSpan) } == numbers)
    // The ninth takes the place of the first.
    #expect(heads.keep(bytes(" HTTP/1.1\r\nHost: 9\r\n\r\n").rawSpan) == numbers[0])
    #expect(heads.find(numbers[0], in: (bytes("GET /a") + rests[0]).rawSpan) == nil)
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
  func `a password that is set later is asked for in known heads too`() throws {
    let stack = try HTTPStack(loops: 1)
    _ = try stack.server.query("SET", "k", "v")
    let client = try stack.connect()
    for _ in 0..<3 { #expect(try client.query("GET /k").text == "v") }
    var options = HTTPOptions()
    options.hostNames = ["a"]
    options.settings.password = bytes("secret")
    stack.front.update(options)
    #expect(try eventually { try client.query("GET /k").status == 401 })
    #expect(try client.query("GET /k", ["Authorization: Bearer secret"]).text == "v")
    #expect(try client.query("GET /k").status == 401)
    options.settings.password = []
    stack.front.update(options)
    #expect(try eventually { try client.query("GET /k").status == 200 })
  }

  @Test(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
  func `known heads are answered in order, however they come`() throws {
    let stack = try HTTPStack(loops: 1)
    for number in 0..<10 { _ = try stack.server.query("SET", "k\(number)", "v\(number)") }
    let client = try stack.connect()
    var sent = ""
    for number in 0..<40 {
      let (empty, host) = (number % 3 == 0 ? "\r\n" : "", number % 4 == 3 ? "b" : "a")
      sent += "\(empty)GET /k\(number % 10) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
    }
    for size in [sent.utf8.count, 7, 1] {
      var rest = bytes(sent)[...]
      while !rest.isEmpty {
        try client.send(bytes: Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      for number in 0..<40 {
        let reply = try client.receive()
        #expect(reply.status == (number % 4 == 3 ? 421 : 200))
        if reply.status == 200 { #expect(reply.text == "v\(number % 10)") }
      }
    }
  }

  @Test func `tags and numbers of a plain response are written right`() {
    var generator = SeededGenerator.forTest()
    let lengths = [0, 9, 10, 99, 100, 12_345_678, 99_999_999, 100_000_000, 900_000_009, .max]
    for (age, timeToLive) in zip(lengths, lengths.reversed()) {
      var exchange = HTTPExchange()
      let value = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      exchange.value = value
      exchange.outcome = .hit(age: age, timeToLive: timeToLive)
      let response = exchange.response(HTTPExchange.request("HEAD /a"))
      let digits = String(HTTPExchange.contents.hash(value.rawSpan), radix: 16)
      let tag = String(repeating: "0", count: 16 - digits.count) + digits
      #expect(response.contains("\r\nETag: \"\(tag)\"\r\nAge: \(age)\r\n"), "\(response)")
      #expect(response.contains("; hit; ttl=\(timeToLive)\r\n"), "\(response)")
      #expect(response.contains("\r\nContent-Length: \(value.count)\r\n"), "\(response)")
    }
  }
}
