import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite struct TopTests {
  @Test(arguments: [
    (#"{"a": [1, -2.5e3, true, false, null], "b": {}}"#, 5), ("[]", 0), ("[1]", 1),
    (" [ 1 , 2 ] ", 2),
  ])
  func `JSON is read`(_ text: String, _ count: Int) throws {
    let value = try #require(JSONValue(Array(text.utf8)))
    #expect((value["a"] == .null ? value : value["a"]).elements.count == count)
  }

  @Test func `strings of JSON are what they stand for`() {
    let text = #""\"\\\/\b\f\n\r\té\ud83d\ude00é""#
    #expect(JSONValue(Array(text.utf8)) == .string("\"\\/\u{8}\u{C}\n\r\té😀é"))
  }

  @Test(arguments: [
    "", "[", "[1,]", "{", "{\"a\"}", "{\"a\":}", "{1:2}", "[1 2]", "\"", "\"\\x\"", "\"\\u12\"",
    "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\u+123\"", "tru", "1 2", "nan", "1e999", "--1", "\"\n\"",
    String(repeating: "[", count: 100_000),
  ])
  func `what is no JSON is none`(_ text: String) {
    #expect(JSONValue(Array(text.utf8)) == nil)
    #expect(JSONValue([0x22, 0xFF, 0x22]) == nil)
  }

  @Test func `random bytes are no reason to trap`() {
    var random = SeededGenerator.forTest()
    let alphabet = Array("{}[]\",:\\u0dtrfn1-.e \u{1}é".utf8)
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      _ = JSONValue(bytes)
    }
  }

  @Test func `what a terminal would obey is spelled out`() {
    #expect(
      VisibleText.of("a\u{1B}[2J\u{202E}b\u{7}é🔑e\u{301}")
        == "a\\u{1b}[2J\\u{202e}b\\u{7}é🔑e\\u{301}")
    #expect(VisibleText.of([0xFF, 0x00, 0x41, 0x1B]) == "\\xff\\x00A\\x1b")
    #expect(Base64Decoder.bytes(of: Array("/wBB".utf8).rawSpan) == [0xFF, 0x00, 0x41])
    #expect(
      Base64Decoder.bytes(of: Array("/w==".utf8).rawSpan) == [0xFF]
        && Base64Decoder.bytes(of: Array("".utf8).rawSpan) == [])
    for text in ["/w=", "/w", "====", "a===", "/w==x", "/ *="] {
      #expect(Base64Decoder.bytes(of: Array(text.utf8).rawSpan) == nil, "\(text)")
    }
  }

  @Test func `text is cut by columns, where some characters have two`() {
    #expect(TopText.cut("abcdef", to: 6) == "abcdef" && TopText.cut("abcdef", to: 5) == "abcd~")
    #expect(TopText.cut("漢字漢字", to: 6) == "漢字~" && TopText.cut("漢字漢字", to: 8) == "漢字漢字")
    #expect(TopText.left("漢", 4) == "漢  " && TopText.right("1", 3) == "  1")
    #expect(TopText.cut("a", to: 0) == "")
  }

  @Test(arguments: [
    (0.0, "0"), (0.25, "0.3"), (9.96, "10.0"), (12_345, "12345"), (123_456, "123k"), (2e6, "2.0M"),
    (-1, "-1"), (.nan, "-"), (.infinity, "-"), (1e9, "1.0G"),
  ])
  func `counts are short`(_ value: Double, _ text: String) {
    #expect(TopText.count(value) == text)
  }

  @Test func `durations, bytes and spans have units`() {
    #expect(
      [5e-6, 1.5e-3, 0.25, 12].map(TopText.duration) == ["5.0 us", "1.5 ms", "250 ms", "12 s"])
    #expect(
      [0, 1_023, 1_536, 1_073_741_824].map(TopText.bytes) == [
        "0 B", "1023 B", "1.5 KiB", "1.0 GiB",
      ])
    #expect([5, 65, 7_300, 200_000].map(TopText.span) == ["5 s", "1 min", "2 h 1 min", "2 d 7 h"])
    #expect(TopText.bar(0.5, width: 4) == "##.." && TopText.bar(.nan, width: 2) == "..")
  }

  @Test func `whatever answers, a frame fits its terminal`() {
    var random = SeededGenerator.forTest()
    for text in ["{}", "[]", #"{"info": 1, "hot_keys": [1, {"key": "a\u001b"}], "ready": "x"}"#] {
      let value = JSONValue(Array(text.utf8)) ?? .null
      for _ in 0..<50 {
        let (columns, rows) = (
          Int.random(in: 1...90, using: &random), Int.random(in: 1...40, using: &random)
        )
        let lines = TopFrame.lines(
          value, after: .null, seconds: 0, columns: columns, rows: rows, present: 0)
        #expect(lines.count <= rows && lines.allSatisfy { $0.unicodeScalars.count <= columns })
        #expect(!lines.joined().contains("\u{1B}"))
      }
    }
  }

  @Test func `an address may be written in all the usual ways`() throws {
    var configuration = Configuration()
    configuration.adminHost = "::"
    configuration.adminPort = 7
    for (text, host, port) in [
      (nil, "127.0.0.1", 7), ("", "127.0.0.1", 7), ("a", "a", 7), ("a:1", "a", 1),
      ("[::1]:2", "::1", 2),
      ("[::1]", "::1", 7), ("::1", "::1", 7), ("http://a:3/", "a", 3), ("http://[::1]:4", "::1", 4),
    ] as [(String?, String, UInt16)] {
      let place = try #require(Top.place(text, configuration))
      #expect(place.host == host && place.port == port, "\(text ?? "nothing")")
    }
    for text in [":1", "a:", "a:b", "a:99999", "[::1", "[::1]x", "http://"] {
      #expect(Top.place(text, configuration) == nil, "\(text)")
    }
  }

  @Test func `top is asked for by its name, with an address and flags`() throws {
    func action(_ words: String...) throws -> Invocation.Action { try Invocation(words).action }
    #expect(try action("top") == .top(TopOptions()))
    #expect(
      try action("top", "a:1", "--once") == .top(TopOptions(address: "a:1", isOnce: true)))
    #expect(try Invocation(["top", "--admin-port", "1", "b"]).flags == ["ADMIN_PORT": "1"])
    #expect(throws: ConfigurationError.self) { try Invocation(["--once"]) }
    #expect(throws: ConfigurationError.self) { try Invocation(["top", "a", "b"]) }
    #expect(throws: ConfigurationError.self) { try Invocation(["bottom"]) }
  }
}
