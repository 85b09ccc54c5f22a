import TestSupport
import Testing

@testable import ProxyCore

@Suite struct UTF8CheckTests {
  static func isUTF8(_ bytes: [UInt8]) -> Bool { unsafe bytes.span.bytes.isUTF8 }

  @Test func `every scalar is text, and none of them cut short is`() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let bytes = Array(String(scalar).utf8)
      if !Self.isUTF8(bytes) { Issue.record("\(value) is text") }
      if bytes.count > 1 && Self.isUTF8(Array(bytes.dropLast())) {
        Issue.record("\(value) cut short is none")
      }
    }
  }

  @Test func `it agrees with the standard library on whatever comes`() {
    var random = SeededGenerator.forTest()
    let interesting: [UInt8] = [
      0, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF,
      0xF0, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<100_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        interesting[Int.random(in: 0..<interesting.count, using: &random)]
      }
      let expected = String(validating: bytes, as: UTF8.self) != nil
      if Self.isUTF8(bytes) != expected { Issue.record("\(bytes): \(expected)") }
    }
  }
}
