import TestSupport
import Testing

@testable import ProxyCore

struct PlainGetTests {
  /// Whatever is recognized, the parser understands in the same way.
  private func check(_ bytes: [UInt8], at start: Int, _ comment: Comment) -> Bool {
    guard let request = PlainGet(bytes.rawSpan, at: start) else { return false }
    var parser = RequestParser()
    let rest = Array(bytes[start...])
    #expect(parser.parse(rest.rawSpan) == .command(length: request.end - start), comment)
    #expect(parser.arguments.count == 2 && parser.isGet(rest.rawSpan), comment)
    let key = parser.arguments[1].range
    #expect(key.lowerBound + start == request.key.lowerBound, comment)
    #expect(key.upperBound + start == request.key.upperBound, comment)
    return true
  }

  @Test func `it is recognized where it is whole, and nowhere else`() {
    for length in [1, 2, 9, 10, 63, 99, 100, 101, 998, 999] {
      for name in ["GET", "get", "gEt"] {
        let key = String(repeating: "k", count: length)
        let text = Array("*2\r\n$3\r\n\(name)\r\n$\(length)\r\n\(key)\r\n".utf8)
        #expect(check(text, at: 0, "\(name) of \(length)"))
        let behind = Array("PING\r\n".utf8) + text + text
        #expect(check(behind, at: 6, "\(name) of \(length), behind another"))
        for end in 0..<text.count {
          #expect(PlainGet(Array(text[..<end]).rawSpan, at: 0) == nil, "\(end) bytes")
        }
      }
    }
  }

  @Test(arguments: [
    "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n", "*3\r\n$3\r\nGET\r\n$1\r\nk\r\n$1\r\nk\r\n",
    "*1\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n$4\r\nMGET\r\n$1\r\nk\r\n",
    "*2\r\n$3\r\nGET\r\n$-1\r\nk\r\n", "*2\r\n$3\r\nGET\r\n$01\r\nk\r\n",
    "*2\r\n$3\r\nGET\r\n:1\r\nk\r\n\r\n\r\n", "*2\r\n$3\r\nGET\r\n$1000\r\n",
    "GET keykeykeykeykeykey\r\n",
    "*2\r\n$3\r\nGET\r\n$\r\nkkkkk\r\n",
  ])
  func `anything else is left to the parser`(_ text: String) {
    #expect(PlainGet(Array(text.utf8).rawSpan, at: 0) == nil)
  }

  @Test func `a place outside of the bytes is none`() {
    let text = Array("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8)
    for start in [-1, text.count, text.count + 1, Int.max, Int.min] {
      #expect(PlainGet(text.rawSpan, at: start) == nil, "\(start)")
    }
  }

  @Test func `what was changed at random is recognized only where the parser agrees`() {
    var random = SeededGenerator.forTest()
    var recognized = 0
    for round in 0..<50_000 {
      let length = Int.random(in: 1...120, using: &random)
      let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var text = multibulkGet(key)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0..<min(text.count, 24), using: &random)
        text[place] =
          Bool.random(using: &random)
          ? UInt8.random(in: 0...255, using: &random) : text[(place + 1) % text.count]
      }
      text.removeLast(Int.random(in: 0...3, using: &random) == 0 ? 1 : 0)
      if check(text, at: 0, "round \(round)") { recognized += 1 }
    }
    #expect(recognized > 10_000 && recognized < 50_000)
  }

  private func multibulkGet(_ key: [UInt8]) -> [UInt8] {
    Array("*2\r\n$3\r\nGET\r\n$\(key.count)\r\n".utf8) + key + [13, 10]
  }
}
