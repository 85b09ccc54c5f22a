import TestSupport
import Testing

@testable import ProxyCore

@Suite struct RandomTests {
  private static func randomBytes(_ generator: inout SeededGenerator) -> [UInt8] {
    (0..<Int.random(in: 0...20, using: &generator)).map { _ in
      UInt8.random(in: 0...255, using: &generator)
    }
  }

  /// Text that a line can carry.
  private static func randomLine(_ generator: inout SeededGenerator) -> [UInt8] {
    randomBytes(&generator).filter { $0 != 0x0D && $0 != 0x0A }
  }

  private static func randomValue(
    depth: Int = 0, _ generator: inout SeededGenerator
  ) -> RESPValue {
    func values(_ generator: inout SeededGenerator) -> [RESPValue] {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        randomValue(depth: depth + 1, &generator)
      }
    }
    switch Int.random(in: 0..<(depth < 4 ? 13 : 9), using: &generator) {
    case 0: return .simpleString(randomLine(&generator))
    case 1: return .bulkString(randomBytes(&generator))
    case 2: return .verbatimString(randomBytes(&generator), format: "txt")
    case 3: return .error(RESPError(bytes: randomLine(&generator)))
    case 4:
      return .integer(
        Int(truncatingIfNeeded: generator.next() >> UInt64.random(in: 0..<64, using: &generator)))
    case 5: return .double(Double(bitPattern: generator.next()))
    case 6: return .boolean(Bool.random(using: &generator))
    case 7: return .bigNumber(bytes("-\(generator.next())\(generator.next())"))
    case 8: return .null
    case 9: return .array(values(&generator))
    case 10: return .set(values(&generator))
    case 11 where depth == 0: return .push(values(&generator))
    default:
      let keys = values(&generator)
      return .map(keys.map { .init(key: $0, value: randomValue(depth: depth + 1, &generator)) })
    }
  }

  @Test func `values written and read in random pieces are equal`() throws {
    var generator = SeededGenerator.forTest()
    for _ in 0..<2000 {
      let value = Self.randomValue(&generator)
      let output = written { $0.append(value, .three) }
      var scanner = ReplyScanner()
      var offset = 0
      for piece in DecoderVerifier.randomPieces(of: output.count, &generator) {
        let verdict = unsafe scanner.scan(output.span.bytes.extracting(offset..<offset + piece))
        offset += piece
        #expect(verdict == (offset == output.count ? .complete(length: piece) : .partial))
      }
      #expect(unsafe try RESPValue(reading: output.span.bytes) == value, "\(shown(output))")
    }
  }

  @Test func `commands written and read in random pieces are equal`() {
    var generator = SeededGenerator.forTest()
    for _ in 0..<1000 {
      let commands = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        (0..<Int.random(in: 1...12, using: &generator)).map { _ in Self.randomBytes(&generator) }
      }
      let input = written { output in
        for command in commands {
          output.appendCommand(argumentCount: command.count)
          for argument in command { output.appendArgument(argument) }
        }
      }
      let pieces = DecoderVerifier.randomPieces(of: input.count, &generator)
      let expected = commands.map { $0.map(shown).joined(separator: "|") } + ["0 left"]
      #expect(
        DecoderVerifier.transcript(RequestDecoder.self, input, pieces: pieces) == expected)
    }
  }

  @Test func `no mutation of valid bytes traps, whole or in pieces`() {
    var generator = SeededGenerator.forTest()
    let seeds =
      RequestParserTests.vectors.map { bytes($0.0) } + ReplyTests.vectors.map { bytes($0.0) }
    let alphabet = bytes("0123456789-+?*$%~>|=!(,#_:\r\n\0\"'\\x ")
    for _ in 0..<mutationsCount {
      var input = seeds.randomElement(using: &generator) ?? []
      input += seeds.randomElement(using: &generator) ?? []
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !input.isEmpty {
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
      agree(RequestDecoder.self, input, pieces)
      agree(StrangerDecoder.self, input, pieces)
      agree(RelayingDecoder.self, input, pieces)
      agree(ReplyDecoder.self, input, pieces)
      agree(FillDecoder.self, input, pieces)
      // The tree must stand bytes that no scanner has seen.
      _ = unsafe try? RESPValue(reading: input.span.bytes)
    }
  }

  private func agree<Decoder: VerifiableDecoder & ~Copyable>(
    _ type: Decoder.Type, _ input: [UInt8], _ pieces: [Int]
  ) {
    let whole = DecoderVerifier.transcript(type, input, pieces: [input.count])
    let split = DecoderVerifier.transcript(type, input, pieces: pieces)
    if whole != split { Issue.record("\(type) of \(shown(input)): \(whole), split: \(split)") }
  }

  /// As many as a debug build does in a few seconds, and in release enough to matter.
  private var mutationsCount: Int {
    #if DEBUG
      3_000
    #else
      100_000
    #endif
  }
}
