import AllocationCounter
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct RequestParserTests {
  /// What is sent, and what becomes of it.
  static let vectors: [(String, [String])] = [
    ("*1\r\n$4\r\nPING\r\n", ["PING", "0 left"]),
    ("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000012345\r\n", ["GET|key:000000012345", "0 left"]),
    ("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n\r\n\0\r\n", ["SET||\\xd\\xa\\x0", "0 left"]),
    (
      "*2\r\n$4\r\nECHO\r\n$40\r\n0123456789012345678901234567890123456789\r\n",
      ["ECHO|0123456789012345678901234567890123456789", "0 left"]
    ),
    (
      "*12\r\n" + String(repeating: "$1\r\nx\r\n", count: 12),
      [[String](repeating: "x", count: 12).joined(separator: "|"), "0 left"]
    ),
    ("*0\r\n", ["nothing", "0 left"]), ("*-1\r\n", ["nothing", "0 left"]),
    ("*-9223372036854775808\r\n", ["nothing", "0 left"]),
    ("*1\r\n$4\r\nPINGxx", ["PING", "0 left"]), ("*1\rX$4\rXPINGxx", ["PING", "0 left"]),
    ("*1\n$4\nPING\n", ["11 left"]), ("*1\r\n\0x\r\n", ["8 left"]), ("*\0 1\r\n", ["6 left"]),
    ("*2147483647\r\n", ["13 left"]), ("*1\r\n$536870912\r\n", ["16 left"]),
    ("*2147483648\r\n", ["refused: invalid multibulk length"]),
    ("*+1\r\n", ["refused: invalid multibulk length"]),
    ("*01\r\n", ["refused: invalid multibulk length"]),
    ("*-0\r\n", ["refused: invalid multibulk length"]),
    ("* 1\r\n", ["refused: invalid multibulk length"]),
    ("*\r\n", ["refused: invalid multibulk length"]),
    ("*-\r\n", ["refused: invalid multibulk length"]),
    ("*-9223372036854775809\r\n", ["refused: invalid multibulk length"]),
    ("*99999999999999999999999\r\n", ["refused: invalid multibulk length"]),
    ("*1\r\n$04\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$ 4\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$+4\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$-0\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$-1\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$4x\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$00\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n$536870913\r\n", ["refused: invalid bulk length"]),
    ("*1\r\n:4\r\n", ["refused: expected '$', got ':'"]),
    ("*1\r\n\r\n", ["refused: expected '$', got '\\r'"]),
    ("*2\r\n$4\r\nPINGxxx\r\n", ["refused: expected '$', got 'x'"]),
    ("PING\r\n", ["PING", "0 left"]), ("PING\n", ["PING", "0 left"]),
    ("PING\r\r\n", ["PING", "0 left"]), (" \t PING  x \r\n", ["PING|x", "0 left"]),
    ("\r\n", ["nothing", "0 left"]), ("\n", ["nothing", "0 left"]),
    (" \r\n", ["nothing", "0 left"]),
    (
      "ECHO \"a\\x41\\n\\r\\t\\b\\a\\q\\\"\\\\\"\r\n",
      ["ECHO|aA\\xa\\xd\\x9\\x8\\x7q\"\\x5c", "0 left"]
    ),
    ("ECHO \"\\x4g\\xF\"\n", ["ECHO|x4gxF", "0 left"]), ("ECHO \"\"\r\n", ["ECHO|", "0 left"]),
    ("ECHO 'a\\'b\\n'\r\n", ["ECHO|a'b\\x5cn", "0 left"]), ("ECHO ''\n", ["ECHO|", "0 left"]),
    ("ECHO a\"b c\"\n", ["ECHO|ab c", "0 left"]), ("ECHO \\n\n", ["ECHO|\\x5cn", "0 left"]),
    ("ECHO a\u{0B}b \u{0C}c\n", ["ECHO|a\\xbb|c", "0 left"]),
    ("ECHO a\rb\n", ["ECHO|a|b", "0 left"]), ("ECHO \"a\"\u{0B}b\n", ["ECHO|a|b", "0 left"]),
    ("ECHO \"a\n", ["refused: unbalanced quotes in request"]),
    ("ECHO 'a\n", ["refused: unbalanced quotes in request"]),
    ("ECHO \"a\"b\n", ["refused: unbalanced quotes in request"]),
    ("ECHO 'a'b\n", ["refused: unbalanced quotes in request"]),
    ("ECHO \"a\\\n", ["refused: unbalanced quotes in request"]),
    ("ECHO \"\\\"\n", ["refused: unbalanced quotes in request"]),
    ("ECHO a\0b\r\n", ["10 left"]), ("\0\n\n", ["3 left"]),
    ("*0\r\nPING\r\n*1\r\n$4\r\nPING\r\n*", ["nothing", "PING", "PING", "1 left"]),
  ]

  @Test(arguments: vectors)
  func `every shape of a request is judged as Redis does, however it is split`(
    _ input: String, _ expected: [String]
  ) {
    let input = bytes(input)
    #expect(
      DecoderVerifier.transcript(RequestDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(RequestDecoder.self, input) == [])
  }

  @Test(arguments: [
    ("*10\r\n$16384\r\n", ["13 left"]),
    ("*11\r\n", ["refused: unauthenticated multibulk length"]),
    ("*1\r\n$16385\r\n", ["refused: unauthenticated bulk length"]),
    ("*1\r\n$536870913\r\n", ["refused: invalid bulk length"]),
  ])
  func `a stranger may send ten arguments of 16 KiB`(_ input: String, _ expected: [String]) {
    let input = bytes(input)
    #expect(
      DecoderVerifier.transcript(StrangerDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(StrangerDecoder.self, input) == [])
  }

  @Test(arguments: [
    ("", "too big inline request"), ("*", "too big mbulk count string"),
    ("*1\r\n$", "too big bulk count string"), ("*1\r\n", "too big bulk count string"),
  ])
  func `a line of 64 KiB is waited for and a longer one refused`(_ start: String, _ text: String) {
    let lineStart = start.isEmpty || start.utf8.last == 0x0A ? 0 : 1
    for filler: UInt8 in [UInt8(ascii: "1"), 0] {
      let input = bytes(start) + [UInt8](repeating: filler, count: 65536 - lineStart)
      for piece in [1, 1000, input.count] {
        let pieces = [Int](repeating: piece, count: (input.count + 1) / piece + 1)
        if piece > 1 || filler == 0 {
          #expect(
            Self.outcome(input, pieces) == ["\(input.count) left"], "\(start) \(filler) \(piece)")
        }
        if piece > 1 {
          #expect(Self.outcome(input + [filler], pieces) == ["refused: \(text)"])
        }
      }
    }
  }

  /// A transcript without the copies that the verifier makes of every piece.
  private static func outcome(_ input: [UInt8], _ pieces: [Int]) -> [String] {
    var decoder = RequestDecoder()
    var arrived = 0
    for piece in pieces {
      arrived = min(input.count, arrived + piece)
      let step = unsafe decoder.decode(input.span.bytes.extracting(0..<arrived))
      if case .refused(let why) = step { return ["refused: \(why)"] }
    }
    return ["\(input.count) left"]
  }

  @Test func `no byte that was looked at is looked at again`() {
    for (text, filler) in [("*2\r\n$4\r\nECHO\r\n$600\r\n", UInt8(ascii: "y")), ("ECHO ", 0x0A)] {
      var input = bytes(text) + [UInt8](repeating: UInt8(ascii: "y"), count: 600) + bytes("\r\n")
      var parser = RequestParser()
      for arrived in 1..<input.count {
        let verdict = unsafe parser.parse(input.span.bytes.extracting(0..<arrived))
        guard case .needsMore = verdict else {
          Issue.record("\(verdict) after \(arrived) bytes")
          return
        }
        // What a second look would misunderstand; CR may be looked back at by the LF after it.
        if input[arrived - 1] != UInt8(ascii: "\r") { input[arrived - 1] = filler }
      }
      let verdict = unsafe parser.parse(input.span.bytes)
      if filler == 0x0A {
        #expect(verdict == .nothing(length: input.count))
      } else {
        #expect(verdict == .command(length: input.count))
        #expect(parser.arguments[1].range == text.utf8.count..<text.utf8.count + 600)
      }
    }
  }

  @Test func `requests cost no allocation once the table has grown`() throws {
    guard allocation_counting_works() else { return }
    var input = ByteBuffer()
    for _ in 0..<100 {
      input.append("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$100\r\n")
      input.append([UInt8](repeating: 7, count: 100))
      input.append("\r\n*0\r\n")
    }
    var parser = RequestParser()
    var counts: [UInt64] = [0, 0]
    for round in 0..<2 {
      let before = allocation_count_of_thread()
      var offset = 0
      while offset < input.count {
        switch parser.parse(input.bytes.extracting(offset..<input.count)) {
        case .command(let length), .nothing(let length): offset += length
        default: offset = input.count
        }
      }
      counts[round] = allocation_count_of_thread() - before
    }
    #expect(counts[1] == 0)
  }

  @Test func `a declared count allocates nothing and a large table is given back`() {
    var parser = RequestParser()
    let declared = bytes("*2000000000\r\n$1\r\nx\r\n")
    _ = unsafe parser.parse(declared.span.bytes)
    #expect(parser.arguments.allocatedCount == 8)

    var second = RequestParser()
    let many = written { output in
      output.appendCommand(argumentCount: 5000)
      for _ in 0..<5000 { output.appendArgument("x") }
    }
    #expect(unsafe second.parse(many.span.bytes) == .command(length: many.count))
    #expect(second.arguments.count == 5000)
    let ping = bytes("*1\r\n$4\r\nPING\r\n")
    #expect(unsafe second.parse(ping.span.bytes) == .command(length: ping.count))
    #expect(second.arguments.allocatedCount == 8)
    second.releaseMemory()
    #expect(second.arguments.allocatedCount == 0)
  }

  @Test func `a request past the limit is refused before it is waited for`() {
    #expect(Limits.respRelationsHold)
    var parser = RequestParser()
    parser.requestBytesMax = 40
    let long = bytes("*2\r\n$4\r\nECHO\r\n$22\r\n")
    #expect(unsafe parser.parse(long.span.bytes) == .refused(.requestTooBig))
    #expect(unsafe parser.parse(long.span.bytes) == .refused(.requestTooBig), "and ever after")
    var second = RequestParser()
    second.requestBytesMax = 40
    second.bufferedArgumentsMax = .max
    let many = bytes("*2000000000\r\n" + String(repeating: "$0\r\n\r\n", count: 10))
    #expect(unsafe second.parse(many.span.bytes) == .refused(.requestTooBig))
    var third = RequestParser()
    third.requestBytesMax = .max
    #expect(third.requestBytesMax == Limits.requestBytesMax)
  }

  @Test func `a request with many arguments, or many bytes, is announced before it is whole`() {
    func request(_ count: Int, _ size: Int) -> [UInt8] {
      let argument = "$\(size)\r\n\(String(repeating: "x", count: size))\r\n"
      return Array("*\(count)\r\n$3\r\nDEL\r\n".utf8)
        + Array(String(repeating: argument, count: count - 1).utf8)
    }
    func announced(_ text: [UInt8], _ limit: Int, _ bytes: Int) -> RequestParser.LargeArgument? {
      var parser = RequestParser()
      parser.bufferedArgumentsMax = limit
      parser.bufferedBytesMax = bytes
      // However it comes.
      for end in 1...text.count {
        switch parser.parse(Array(text[..<end]).rawSpan) {
        case .needsMore: continue
        case .large(let large):
          let relayed = parser.relay()
          var relay = relayed
          let rest = Array(text[large.headLength...])
          #expect(relay.take(rest.rawSpan) == .complete(length: rest.count))
          relay = relayed
          for place in rest.indices.dropLast() {
            #expect(relay.take([rest[place]].rawSpan) == .partial)
          }
          #expect(relay.take(Array(rest.suffix(1)).rawSpan) == .complete(length: 1))
          let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
          #expect(parser.parse(ping.rawSpan) == .command(length: ping.count))
          return large
        case let other:
          #expect(other == .command(length: text.count))
          return nil
        }
      }
      return nil
    }
    #expect(announced(request(20, 1), 20, 1_000) == nil)
    let many = announced(request(21, 1), 20, 1_000)
    #expect(many?.argumentCount == 21 && many?.length == 1 && many?.isOverall == true)
    // Behind the name and the first of the others.
    #expect(many?.headLength == Array("*21\r\n$3\r\nDEL\r\n$1\r\nx\r\n$1\r\n".utf8).count)
    let text = request(20, 10)
    #expect(announced(text, 20, text.count) == nil)
    let long = announced(text, 20, text.count - 3)
    #expect(long?.isOverall == true && long?.headLength == text.count - 12)
  }

  @Test func `the words of browsers are recognised`() {
    for (name, expected) in [
      ("POST", true), ("post", true), ("Host:", true), ("host", false), ("GET", false), ("", false),
    ] {
      let name = bytes(name)
      #expect(unsafe RequestParser.isCrossProtocol(name.span.bytes) == expected)
    }
  }

  @Test func `an error names the byte without letting it end the line`() {
    #expect(
      written { ProtocolError.dollarExpected(got: 0x0D).write(to: &$0) }
        == bytes("-ERR Protocol error: expected '$', got ' '\r\n"))
    #expect(
      written { ProtocolError.inlineTooBig.write(to: &$0) }
        == bytes("-ERR Protocol error: too big inline request\r\n"))
  }

  /// Of each length, in every state of completeness: there is a short way for whole ones.
  @Test func `a pair is the same whole and byte by byte`() {
    let lengths = [0, 1, 9, 10, 63, 99, 100, 101, 999, 1_000, 1_001]
    for (length, name) in lengths.flatMap({ length in ["GET", "dEl"].map { (length, $0) } }) {
      let key = String(repeating: "k", count: length)
      let text = Array("*2\r\n$3\r\n\(name)\r\n$\(length)\r\n\(key)\r\n".utf8)
      var whole = RequestParser()
      #expect(whole.parse(text.rawSpan) == .command(length: text.count))
      var slow = RequestParser()
      for end in 1..<text.count {
        guard case .needsMore(let missing) = slow.parse(Array(text[..<end]).rawSpan) else {
          Issue.record("\(end) of \(text.count) bytes were enough")
          continue
        }
        #expect(missing >= 1 && missing <= text.count - end)
        var late = RequestParser()
        #expect(late.parse(Array(text[..<end]).rawSpan) == .needsMore(atLeast: missing))
      }
      #expect(slow.parse(text.rawSpan) == .command(length: text.count))
      for argument in 0..<2 {
        #expect(whole.arguments[argument] == slow.arguments[argument])
      }
      #expect(whole.isGet(text.rawSpan) == (name == "GET"))
    }
  }

  @Test func `a pair that is too long is so on the short way, too`() {
    let text = Array("*2\r\n$3\r\nGET\r\n$64\r\n\(String(repeating: "k", count: 64))\r\n".utf8)
    var large = RequestParser()
    large.largeThreshold = 63
    #expect(
      large.parse(text.rawSpan) == .large(.init(headLength: 18, argumentCount: 2, length: 64)))
    var limited = RequestParser()
    limited.requestBytesMax = 60
    #expect(limited.parse(text.rawSpan) == .refused(.requestTooBig))
  }
}
