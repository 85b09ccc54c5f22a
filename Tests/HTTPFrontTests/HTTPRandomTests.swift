import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct HTTPRandomTests {
  @Test func `no mutation of requests is judged differently in pieces`() {
    var generator = SeededGenerator.forTest()
    let valid = HTTPRequestParserTests.vectors.map(\.0)
    let all = valid + SmugglingTests.all.map(\.0)
    let alphabet = bytes("\r\n\r\n :;,0123456789aAfFxX\t\0\"/*")
    var outcomes: [Bool: Int] = [:]
    for _ in 0..<Self.mutationsCount {
      let seeds = Bool.random(using: &generator) ? valid : all
      let first = seeds.randomElement(using: &generator) ?? ""
      var input = bytes(first + (seeds.randomElement(using: &generator) ?? ""))
      for _ in 0..<Int.random(in: 0...3, using: &generator) where !input.isEmpty {
        let at = Int.random(in: 0..<input.count, using: &generator)
        let byte = alphabet.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: input[at] = byte
        case 1: input.insert(byte, at: at)
        case 2: input.remove(at: at)
        default: input[at] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      let pieces = DecoderVerifier.randomPieces(of: input.count, &generator)
      let whole = DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: [input.count])
      let split = DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: pieces)
      if whole != split { Issue.record("\(shown(input)): \(whole), split: \(split)") }
      outcomes[whole.last?.hasPrefix("refused") == true, default: 0] += 1
    }
    #expect((outcomes[true] ?? 0) > 100 && (outcomes[false] ?? 0) > 100)
  }

  @Test func `random bodies come back from random chunks`() {
    var generator = SeededGenerator.forTest()
    for _ in 0..<500 {
      let body = (0..<Int.random(in: 0...90, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      var input = bytes("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      var rest = body[...]
      while !rest.isEmpty {
        let chunk = rest.prefix(Int.random(in: 1...20, using: &generator))
        let size = String(chunk.count, radix: 16, uppercase: Bool.random(using: &generator))
        input += bytes(size + "\r\n") + chunk + bytes("\r\n")
        rest = rest.dropFirst(chunk.count)
      }
      input += bytes("0\r\n\r\n")
      let pieces = DecoderVerifier.randomPieces(of: input.count, &generator)
      #expect(
        DecoderVerifier.transcript(HTTPDecoder.self, input, pieces: pieces)
          == ["put / body=\(shown(body))", "0 left"])
    }
  }

  /// As many as a debug build does in a few seconds, and in release enough to matter.
  private static var mutationsCount: Int {
    #if DEBUG
      3_000
    #else
      200_000
    #endif
  }
}
