import TestSupport
import Testing

@testable import ProxyCore

/// What the parser says of a request, against what a real server does with it. Nothing is compared where
/// none is installed.
@Suite(.serialized) struct RedisComparisonTests {
  /// What a connection gets that sends `input`: the replies to its commands, where every command is an
  /// `EVAL "return ARGV" 0 …` or an `ECHO`, and the error that ends it.
  private static func expectedReplies(
    to input: [UInt8], isAuthenticated: Bool = true
  ) -> [UInt8]? {
    var parser = RequestParser()
    parser.isAuthenticated = isAuthenticated
    parser.largeThreshold = .max
    parser.bufferedArgumentsMax = .max
    parser.bufferedBytesMax = .max
    var output = ByteBuffer()
    var offset = 0
    while offset < input.count {
      let rest = unsafe input.span.bytes.extracting(offset..<input.count)
      switch parser.parse(rest) {
      case .needsMore: return output.bytes.array
      case .command(let length):
        guard reply(to: parser.arguments, in: rest, &output) else { return nil }
        offset += length
      case .inlineCommand(let length):
        guard reply(to: parser.arguments, in: parser.canonical.bytes, &output) else { return nil }
        offset += length
      case .nothing(let length): offset += length
      case .large: return nil
      case .refused(let error):
        error.write(to: &output)
        return output.bytes.array
      }
    }
    return output.bytes.array
  }

  /// False where the command is neither, so that its reply is not known.
  private static func reply(
    to arguments: borrowing ArgumentTable, in request: RawSpan, _ output: inout ByteBuffer
  ) -> Bool {
    let name = arguments.bytes(0, in: request)
    if name.equalsIgnoringCase("echo") && arguments.count == 2 {
      output.appendBulk(arguments.bytes(1, in: request))
      return true
    }
    guard name.equalsIgnoringCase("eval"), arguments.count >= 3,
      arguments.bytes(1, in: request).equals("return ARGV"),
      arguments.bytes(2, in: request).equals("0")
    else { return false }
    output.appendArrayHeader(count: arguments.count - 3)
    for index in 3..<arguments.count { output.appendBulk(arguments.bytes(index, in: request)) }
    return true
  }

  @Test func `the vectors and their errors are those of Redis`() {
    guard let redis = RealRedis() else { return }
    for (input, _) in RequestParserTests.vectors {
      let input = bytes(input)
      guard let expected = Self.expectedReplies(to: input) else { continue }
      #expect(redis.reply(to: input).map(shown) == shown(expected), "\(shown(input))")
    }
  }

  @Test func `strangers get the errors that Redis gives them`() {
    guard let redis = RealRedis(["--requirepass", "secret"]) else { return }
    for input in ["*11\r\n", "*10\r\n", "*1\r\n$16385\r\n", "*1\r\n$16384\r\n", "*1\r\n$-1\r\n"] {
      let input = bytes(input)
      let expected = Self.expectedReplies(to: input, isAuthenticated: false)
      #expect(redis.reply(to: input) == expected, "\(shown(input))")
    }
  }

  @Test func `lines that do not end get the errors that Redis gives them`() {
    guard let redis = RealRedis() else { return }
    for (start, rest) in [("", 65536), ("*", 65535), ("*1\r\n$", 65535), ("*1\r\n", 65536)] {
      for excess in 0...1 {
        let input = bytes(start) + [UInt8](repeating: UInt8(ascii: "1"), count: rest + excess)
        #expect(redis.reply(to: input) == Self.expectedReplies(to: input), "\(start) \(excess)")
      }
    }
  }

  @Test func `random inline commands are split as Redis splits them`() {
    guard let redis = RealRedis() else { return }
    var generator = SeededGenerator.forTest()
    let alphabet = bytes("ab\"\"''\\\\ntx4F  \t\r\u{0B}\u{0C}\0\u{7F}") + [0xFF]
    for _ in 0..<3000 {
      var input = bytes("EVAL 'return ARGV' 0 ")
      for _ in 0..<Int.random(in: 0...14, using: &generator) {
        input.append(alphabet.randomElement(using: &generator) ?? 0x20)
      }
      input += bytes(Bool.random(using: &generator) ? "\r\nECHO x\n" : "\nECHO x\r\n")
      guard let expected = Self.expectedReplies(to: input) else { continue }
      let actual = redis.reply(to: input).map(shown)
      #expect(actual == shown(expected), "\(shown(input))")
    }
  }

  @Test func `random multibulk requests are framed as Redis frames them`() {
    guard let redis = RealRedis() else { return }
    var generator = SeededGenerator.forTest()
    let alphabet = bytes("0123456789-+ *$\r\n\0:x")
    let echo = bytes("*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n")
    var compared = 0
    for _ in 0..<3000 {
      var input = echo
      for _ in 0..<Int.random(in: 1...2, using: &generator) {
        let at = Int.random(in: 0..<input.count, using: &generator)
        let byte = alphabet.randomElement(using: &generator) ?? 0x20
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: input[at] = byte
        case 1: input.insert(byte, at: at)
        default: input.remove(at: at)
        }
      }
      input += echo
      guard let expected = Self.expectedReplies(to: input) else { continue }
      let actual = redis.reply(to: input).map(shown)
      #expect(actual == shown(expected), "\(shown(input))")
      compared += 1
    }
    #expect(compared > 500)
  }
}
