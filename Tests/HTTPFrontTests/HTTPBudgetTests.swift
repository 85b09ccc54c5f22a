import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct HTTPBudgetTests {
  private static let requests = [
    HTTPExchange.request("GET /key:000000012345"),
    HTTPExchange.request("GET /get?key=a%20b", ["User-Agent: curl/8", "Accept: */*"]),
    HTTPExchange.request("HEAD /a", ["Accept: text/html, application/json;q=0.5, */*;q=0.8"]),
    HTTPExchange.request("GET /a", ["If-None-Match: \"ddb6304c442f9682\", \"x\""]),
    HTTPExchange.request("GET /a", ["Range: bytes=1-2", "Origin: http://b"]),
    HTTPExchange.request("GET /a", ["Accept: application/json"]),
  ]

  @Test(arguments: ["", "x"])
  func `requests for what is in memory cost no allocation`(_ password: String) {
    guard AllocationCount.seesOptimizedCode else { return }
    // Of "user:x".
    let authorized = "Host: a\r\nAuthorization: Basic dXNlcjp4"
    let input = bytes(Self.requests.joined().replacing("Host: a", with: authorized))
    var settings = HTTPSettings()
    settings.password = bytes(password)
    settings.crossOrigin = .listed([bytes("http://a"), bytes("http://b")])
    let writer = HTTPResponseWriter(settings, now: .now)
    var key = ByteBuffer(minimumCapacity: 256)
    var output = ByteBuffer(minimumCapacity: 16_384)
    let (found, allocations) = AllocationCount.during {
      Self.answer(input, settings, writer, &key, &output)
    }
    #expect(found == Self.requests.count)
    #expect(allocations == 0)
  }

  /// Answers every request that is for a key, both with a value and that there is none. Says how
  /// many there were.
  private static func answer(
    _ input: [UInt8], _ settings: HTTPSettings, _ writer: borrowing HTTPResponseWriter,
    _ key: inout ByteBuffer, _ output: inout ByteBuffer
  ) -> Int {
    let hello: StaticString = "hello"
    let value = unsafe UnsafeRawBufferPointer(start: hello.utf8Start, count: 5)
    var parser = HTTPRequestParser()
    var found = 0
    var offset = 0
    while true {
      let bytes = unsafe input.span.bytes.extracting(offset..<input.count)
      guard case .request(let length) = parser.parse(bytes) else { return found }
      offset += length
      var request = HTTPRequest(parser.head, in: bytes, settings)
      key.removeAll()
      switch request.purpose(parser.head, in: bytes, settings, key: &key) {
      case .read:
        found += 1
        let outcome = CacheOutcome.hit(age: 1, timeToLive: 2)
        unsafe writer.append(
          HTTPValue(value.bytes, isText: true, hash: 7), of: key.bytes, for: request, outcome,
          to: &output)
        writer.append(.absent, for: request, outcome, to: &output)
      default: break
      }
    }
  }
}
