import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LogTextTests {
  private func quoted(_ bytes: [UInt8], limit: Int = .max) -> String {
    var output = ByteBuffer()
    output.appendQuoted(bytes.rawSpan, limit: limit)
    return String(decoding: output.bytes.array, as: UTF8.self)
  }

  private func json(_ bytes: [UInt8], limit: Int = .max) -> [UInt8] {
    var output = ByteBuffer()
    output.appendJSONString(bytes.rawSpan, limit: limit)
    return output.bytes.array
  }

  @Test func `quotes show bytes as redis-cli does`() {
    #expect(quoted(Array("a b".utf8)) == "\"a b\"")
    #expect(quoted([0, 9, 10, 13, 34, 92, 0x7F, 0xC3, 0xA9]) == #""\x00\t\n\r\"\\\x7f\xc3\xa9""#)
    #expect(quoted(Array("abcdef".utf8), limit: 3) == "\"abc\"...")
    #expect(quoted(Array("abc".utf8), limit: 3) == "\"abc\"")
  }

  @Test func `strings of JSON keep what is UTF-8 and mark what is not`() {
    func text(_ bytes: [UInt8], limit: Int = .max) -> String {
      String(decoding: json(bytes, limit: limit), as: UTF8.self)
    }
    #expect(text(Array("é\u{1F600}/\"\\\n\u{7F}".utf8)) == "\"é\u{1F600}/\\\"\\\\\\u000a\\u007f\"")
    #expect(text([0xFF, 0x61, 0xC3]) == "\"\u{FFFD}a\u{FFFD}\"")
    #expect(text(Array("abcdef".utf8), limit: 3) == "\"abc...\"")
    // Some controls beyond ASCII are obeyed by terminals.
    #expect(text([0xC2, 0x9B, 0x32, 0xC2, 0xA0]) == "\"\\u009b2\u{A0}\"")
    // A character is left out as a whole, or is there as a whole.
    #expect(text(Array("aé".utf8), limit: 2) == "\"aé\"")
  }

  @Test func `a text for people has no controls`() {
    var output = ByteBuffer()
    output.appendPlainText(Array("a\n\u{9B}2é\u{7F}".utf8).rawSpan)
    #expect(String(decoding: output.bytes.array, as: UTF8.self) == "a  2é ")
  }

  /// A name must not turn around what is written beside it, nor end the line for those who read it.
  @Test func `what turns text around or ends lines beyond ASCII is escaped`() {
    let directors = [0x061C, 0x200E, 0x200F] + Array(0x2028...0x202E) + Array(0x2066...0x2069)
    for code in directors {
      let character = String(Character(UnicodeScalar(code) ?? "?"))
      let name = Array("a\(character)b".utf8)
      let digits = String(code, radix: 16)
      let escaped = "\"a\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)b\""
      #expect(String(decoding: json(name), as: UTF8.self) == escaped)
      var output = ByteBuffer()
      output.appendPlainText(name.rawSpan)
      #expect(String(decoding: output.bytes.array, as: UTF8.self) == "a b")
      // What is cut off within it is no part of it.
      #expect(!json(name, limit: 2).contains(0xE2) && !quoted(name).contains(character))
    }
    for code in [0x060C, 0x061B, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A, 0x20AC, 0x3028] {
      let name = Array("a\(Character(UnicodeScalar(code) ?? "?"))b".utf8)
      #expect(json(name) == [34] + name + [34])
      var output = ByteBuffer()
      output.appendPlainText(name.rawSpan)
      #expect(output.bytes.array == name)
    }
  }

  @Test func `no bytes end a line, a quote or the encoding`() {
    var random = SeededGenerator.forTest()
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let limit = Int.random(in: 0...50, using: &random)
      for text in [json(bytes, limit: limit), Array(quoted(bytes, limit: limit).utf8)] {
        #expect(text.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        #expect(String(validating: text, as: UTF8.self) != nil)
        var isEscaped = false
        var quotes = 0
        for byte in text.dropFirst() {
          if isEscaped {
            isEscaped = false
          } else if byte == 92 {
            isEscaped = true
          } else if byte == 34 {
            quotes += 1
          }
        }
        #expect(quotes == 1 && !isEscaped, "only the last quote ends it")
      }
    }
  }

  @Test func `the time of day is written as the standard and as Redis have it`() {
    var clock = LineClock()
    var output = ByteBuffer()
    clock.append(.universal, seconds: 1_795_255_354, nanoseconds: 7_999_999, to: &output)
    output.append(UInt8(ascii: " "))
    clock.append(.universal, seconds: 951_782_400, nanoseconds: 0, to: &output)
    output.append(UInt8(ascii: " "))
    clock.append(.universal, seconds: 951_782_400, nanoseconds: 999_999_999, to: &output)
    #expect(
      String(decoding: output.bytes.array, as: UTF8.self)
        == "2026-11-21T10:02:34.007Z 2000-02-29T00:00:00.000Z 2000-02-29T00:00:00.999Z")
    output.removeAll()
    clock.append(.local, seconds: 1_795_255_354, nanoseconds: 0, to: &output)
    let local = String(decoding: output.bytes.array, as: UTF8.self)
    #expect(local.contains(" Nov 2026 ") && local.hasSuffix(":34.000"))
  }
}
