import AllocationCounter
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct ReplyTests {
  /// What is sent, and what becomes of it.
  static let vectors: [(String, [String])] = [
    ("+OK\r\n", ["simpleString OK", "0 left"]), ("+\r\n", ["simpleString ", "0 left"]),
    ("-ERR no\r\n", ["error (error) ERR no", "0 left"]),
    (":0\r\n", ["integer 0", "0 left"]), (":-12\r\n", ["integer -12", "0 left"]),
    (":+7\r\n", ["integer 7", "0 left"]),
    (":9223372036854775807\r\n", ["integer 9223372036854775807", "0 left"]),
    (":-9223372036854775808\r\n", ["integer -9223372036854775808", "0 left"]),
    ("$3\r\nabc\r\n", ["bulkString \"abc\"", "0 left"]),
    ("$0\r\n\r\n", ["bulkString \"\"", "0 left"]),
    ("$4\r\n\r\n\r\n\r\n", ["bulkString \"\\r\\n\\r\\n\"", "0 left"]),
    ("$-1\r\n", ["bulkString (nil)", "0 left"]), ("*-1\r\n", ["array (nil)", "0 left"]),
    ("_\r\n", ["null (nil)", "0 left"]), ("#t\r\n", ["boolean true", "0 left"]),
    ("#f\r\n", ["boolean false", "0 left"]), (",1.5\r\n", ["double 1.5", "0 left"]),
    (",-inf\r\n", ["double -inf", "0 left"]), (",nan\r\n", ["double nan", "0 left"]),
    (",1e+16\r\n", ["double 1e+16", "0 left"]), ("(-123\r\n", ["bigNumber -123", "0 left"]),
    ("!5\r\nERR x\r\n", ["bulkError (error) ERR x", "0 left"]),
    ("=6\r\ntxt:ab\r\n", ["verbatimString \"ab\"", "0 left"]),
    ("*0\r\n", ["array []", "0 left"]), ("%0\r\n", ["map []", "0 left"]),
    ("*2\r\n:1\r\n*1\r\n$1\r\na\r\n", ["array [1, [\"a\"]]", "0 left"]),
    ("*3\r\n$-1\r\n*-1\r\n*0\r\n", ["array [(nil), (nil), []]", "0 left"]),
    ("%2\r\n+a\r\n:1\r\n+b\r\n*0\r\n", ["map [a: 1, b: []]", "0 left"]),
    ("~2\r\n+a\r\n#t\r\n", ["set (set) [a, true]", "0 left"]),
    (
      ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n",
      ["push (push) [invalidate, [\"k\"]]", "0 left"]
    ),
    ("|1\r\n+ttl\r\n:3\r\n$1\r\na\r\n", ["bulkString \"a\"", "0 left"]),
    ("|0\r\n:5\r\n", ["integer 5", "0 left"]),
    ("*1\r\n|1\r\n+k\r\n*1\r\n+v\r\n:1\r\n", ["array [1]", "0 left"]),
    ("|1\r\n+k\r\n+v\r\n>1\r\n+m\r\n", ["push (push) [m]", "0 left"]),
    (
      ":1\r\n>1\r\n+m\r\n:2\r\n$5\r\nab",
      ["integer 1", "push (push) [m]", "integer 2", "6 left"]
    ),
    ("*1\r\n>1\r\n+m\r\n", ["refused: \(ReplyDefect.pushNested)"]),
    ("|1\r\n+k\r\n>1\r\n", ["refused: \(ReplyDefect.pushNested)"]),
    ("x\r\n", ["refused: \(ReplyDefect.typeUnknown(0x78))"]),
    ("*1\r\n\0", ["refused: \(ReplyDefect.typeUnknown(0))"]),
    (":\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    (":+-5\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    (":1x\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    (":9223372036854775808\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$+1\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$01\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$-2\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("%-1\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    (">-1\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("!-1\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("=3\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("$4294967297\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("*4294967296\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("%9223372036854775807\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("=4\r\ntxtx\r\n", ["refused: \(ReplyDefect.verbatimInvalid)"]),
    ("$1\r\nabc", ["refused: \(ReplyDefect.payloadEndMissing)"]),
    ("$1\r\na\rc", ["refused: \(ReplyDefect.payloadEndMissing)"]),
    ("+a\rb", ["4 left"]), ("+a\rb\r\n", ["simpleString a\rb", "0 left"]),
    ("-a\r\r\r\n", ["error (error) a\r\r", "0 left"]),
    ("*2\r\n-\r\r\n+\rb\r\n", ["array [(error) \r, \rb]", "0 left"]),
    (",1\r2\r\n", ["refused: \(ReplyDefect.doubleInvalid)"]),
    ("(1\r2\r\n", ["refused: \(ReplyDefect.bigNumberInvalid)"]),
    ("$1\ra", ["refused: \(ReplyDefect.lineEndMissing)"]),
    ("#x\r\n", ["refused: \(ReplyDefect.booleanInvalid)"]),
    ("#tt\r\n", ["refused: \(ReplyDefect.booleanInvalid)"]),
    ("_x\r\n", ["refused: \(ReplyDefect.nullInvalid)"]),
    (",\r\n", ["refused: \(ReplyDefect.doubleInvalid)"]),
    (",0x1p3\r\n", ["refused: \(ReplyDefect.doubleInvalid)"]),
    (",1 \r\n", ["refused: \(ReplyDefect.doubleInvalid)"]),
    ("(\r\n", ["refused: \(ReplyDefect.bigNumberInvalid)"]),
    ("(-\r\n", ["refused: \(ReplyDefect.bigNumberInvalid)"]),
    ("$?\r\n", ["refused: \(ReplyDefect.streamed)"]),
    ("*?\r\n", ["refused: \(ReplyDefect.streamed)"]),
    ("%?\r\n", ["refused: \(ReplyDefect.streamed)"]),
    ("~?\r\n", ["refused: \(ReplyDefect.streamed)"]),
  ]

  @Test(arguments: vectors)
  func `every shape of a reply is found and built, however it is split`(
    _ input: String, _ expected: [String]
  ) {
    let input = bytes(input)
    #expect(DecoderVerifier.transcript(ReplyDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(ReplyDecoder.self, input) == [])
  }

  @Test(arguments: vectors)
  func `a tree is built of exactly what the scanner finds`(_ input: String, _ expected: [String]) {
    let input = bytes(input)
    guard expected.count == 2, expected[1] == "0 left" else { return }
    #expect(throws: Never.self) { try unsafe RESPValue(reading: input.span.bytes) }
    for end in input.indices {
      #expect(throws: ReplyDefect.truncated) {
        try unsafe RESPValue(reading: input.span.bytes.extracting(0..<end))
      }
    }
    let longer = input + bytes("+")
    #expect(throws: ReplyDefect.excessBytes) { try unsafe RESPValue(reading: longer.span.bytes) }
  }

  @Test func `the nesting of a tree is bounded`() {
    let limit = Limits.replyTreeDepthMax
    for (depth, isAllowed) in [(limit, true), (limit + 1, false)] {
      let input = bytes(String(repeating: "*1\r\n", count: depth) + ":1\r\n")
      var scanner = ReplyScanner()
      #expect(unsafe scanner.scan(input.span.bytes) == .complete(length: input.count))
      if isAllowed {
        #expect(throws: Never.self) { try unsafe RESPValue(reading: input.span.bytes) }
      } else {
        #expect(throws: ReplyDefect.nestedTooDeeply) {
          try unsafe RESPValue(reading: input.span.bytes)
        }
      }
    }
  }

  /// What is around the value of a level, before it and behind it.
  private static let levels: [(before: String, behind: String)] = [
    ("*1\r\n", ""), ("*2\r\n", ":1\r\n"), ("*2\r\n:1\r\n", ""), ("~3\r\n_\r\n", "*0\r\n"),
    ("%1\r\n+k\r\n", ""), ("%1\r\n", "#t\r\n"), ("%2\r\n+a\r\n", "+b\r\n%0\r\n"),
    ("*1\r\n|1\r\n+k\r\n*1\r\n:2\r\n", ""), ("|1\r\n+k\r\n", "$1\r\nv\r\n"),
    ("|1\r\n", "*1\r\n_\r\n$1\r\nv\r\n"), ("*2\r\n|0\r\n*-1\r\n|1\r\n+k\r\n+v\r\n", ""),
  ]

  @Test(arguments: levels.indices) func `levels of every kind are counted, however they are split`(
    _ number: Int
  ) {
    let (before, behind) = Self.levels[number]
    for (depth, inner) in [(1, ":7\r\n"), (2, "*0\r\n"), (9, "*2\r\n:1\r\n-E\r\n")] {
      let text =
        String(repeating: before, count: depth) + inner + String(repeating: behind, count: depth)
      let input = bytes(text)
      #expect(DecoderVerifier.differences(ReplyDecoder.self, input) == [])
      // The next reply is found where it begins, and no sooner.
      let both = input + bytes("+OK\r\n")
      let transcript = DecoderVerifier.transcript(ReplyDecoder.self, both, pieces: [both.count])
      #expect(transcript.count == 3, "\(transcript)")
      #expect(transcript.suffix(2) == ["simpleString OK", "0 left"])
    }
  }

  @Test(arguments: levels.indices) func `far more levels than Redis makes are found to end`(
    _ number: Int
  ) {
    let (before, behind) = Self.levels[number]
    let depth = 100_000
    let text =
      String(repeating: before, count: depth) + ":1\r\n" + String(repeating: behind, count: depth)
    let input = bytes(text)
    var scanner = ReplyScanner()
    for size in [input.count, 4_096, 1_009] {
      var offset = 0
      while offset < input.count {
        let end = min(input.count, offset + size)
        let verdict = unsafe scanner.scan(input.span.bytes.extracting(offset..<end))
        #expect(verdict == (end == input.count ? .complete(length: end - offset) : .partial))
        if verdict != .partial { break }
        offset = end
      }
    }
  }

  @Test func `aggregates that end together are one frame, and frames are bounded`() {
    let chain = bytes(String(repeating: "*1\r\n%1\r\n+k\r\n", count: 4_096))
    var scanner = ReplyScanner()
    for _ in 0...Limits.replyFramesMax / 8_192 {
      #expect(unsafe scanner.scan(chain.span.bytes) == .partial)
    }
    #expect(scanner.isMidReply == true)
    let end = bytes("-E\r\n+O")
    #expect(unsafe scanner.scan(end.span.bytes) == .complete(length: 4))

    let open = bytes(String(repeating: "*2\r\n", count: 1_024))
    for _ in 0..<Limits.replyFramesMax / 1_024 {
      #expect(unsafe scanner.scan(open.span.bytes) == .partial)
    }
    // One that ends with the one around it still has room.
    let last = bytes(":1\r\n*1\r\n")
    #expect(unsafe scanner.scan(last.span.bytes) == .partial)
    #expect(unsafe scanner.scan(open.span.bytes) == .malformed(.nestedTooDeeply))
    scanner.reset()
    let next = bytes("*1\r\n:1\r\n")
    #expect(unsafe scanner.scan(next.span.bytes) == .complete(length: next.count))
  }

  @Test func `the scanner tells the type and the first line before the reply is complete`() {
    var scanner = ReplyScanner()
    #expect(scanner.kind == nil)
    func scan(_ text: String) -> ReplyScanner.ScanVerdict {
      let piece = bytes(text)
      return unsafe scanner.scan(piece.span.bytes)
    }
    #expect(scan("|1\r\n+a\r\n:9\r\n") == .partial)
    #expect(scanner.hasAttribute == true)
    #expect(scanner.kind == nil)
    #expect(scanner.isMidReply == true)
    #expect(scan("$2000") == .partial)
    #expect(scanner.kind == .bulkString)
    #expect(scanner.headline == nil)
    #expect(scan("\r\n") == .partial)
    #expect(scanner.headline == 2000)
    #expect(scanner.isNull == false)
    #expect(scan(String(repeating: "x", count: 2000) + "\r\n$-1\r\n") == .complete(length: 2002))
    #expect(scanner.isMidReply == false)
    #expect(scan("$-1\r\n") == .complete(length: 5))
    #expect(scanner.isNull == true)
    #expect(scanner.hasAttribute == false)
    #expect(scan("*2\r\n:5\r\n:6\r\n") == .complete(length: 12))
    #expect(scanner.headline == 2)
    #expect(scanner.kind == .array)
    #expect(scan(">1\r\n") == .partial)
    #expect(scanner.kind == .push)
  }

  @Test func `payloads are skipped without a look and without an allocation`() {
    var scanner = ReplyScanner()
    let header = bytes("*3\r\n:1\r\n$4294967296\r\n")
    #expect(unsafe scanner.scan(header.span.bytes) == .partial)
    let piece = [UInt8](repeating: 0x0D, count: 1 << 20)
    let before = allocation_count_of_thread()
    for _ in 0..<4096 { _ = unsafe scanner.scan(piece.span.bytes) }
    let allocations = allocation_count_of_thread() - before
    #expect(!allocation_counting_works() || allocations == 0)
    let rest = bytes("\r\n:2\r\n")
    #expect(unsafe scanner.scan(rest.span.bytes) == .complete(length: rest.count))
  }

  @Test(arguments: [
    ("$3\r\nabc\r\n", ["value abc", "0 left"]), ("$0\r\n\r\n", ["value ", "0 left"]),
    ("$-1\r\n", ["absent", "0 left"]), ("_\r\n", ["absent", "0 left"]),
    (":-2\r\n", ["integer -2", "0 left"]), (":+2\r\n", ["integer 2", "0 left"]),
    ("-WRONGTYPE x\r\n", ["error WRONGTYPE x", "0 left"]),
    ("$1000\r\n", ["7 left"]), ("$1001\r\n", ["refused: oversized 1001"]),
    ("+OK\r\n", ["refused: other"]), (">2\r\n", ["refused: other"]),
    ("$3\r\nabcde", ["refused: \(ReplyDefect.payloadEndMissing)"]),
    ("$3\rxabc\r\n", ["refused: \(ReplyDefect.lineEndMissing)"]),
    ("$x", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$\r\n", ["refused: \(ReplyDefect.numberInvalid)"]),
    ("$?\r\n", ["refused: \(ReplyDefect.streamed)"]),
    ("$-2\r\n", ["refused: \(ReplyDefect.lengthInvalid)"]),
    ("_x\r\n", ["refused: \(ReplyDefect.nullInvalid)"]),
    ("-a\rb", ["refused: \(ReplyDefect.lineEndMissing)"]),
    ("\0", ["refused: \(ReplyDefect.typeUnknown(0))"]),
    (
      "$1\r\na\r\n:-1\r\n$-1\r\n:-2\r\n",
      ["value a", "integer -1", "absent", "integer -2", "0 left"]
    ),
  ])
  func `a fill reads values, absences and errors at once`(_ input: String, _ expected: [String]) {
    let input = bytes(input)
    #expect(DecoderVerifier.transcript(FillDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(FillDecoder.self, input) == [])
  }
}
