import TestSupport
import Testing

@testable import ProxyCore

@Suite struct RequestRelayTests {
  @Test(arguments: [
    ("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nabcde\r\n", ["SET|k and 5 of 3", "0 left"]),
    (
      "*3\r\n$3\r\nSET\r\n$5\r\nabcde\r\n$1\r\nv\r\n*0\r\n",
      ["SET and 5 of 3", "nothing", "0 left"]
    ),
    ("*3\r\n$5\r\nabcde\r\n$6\r\nabcdef\r\n$0\r\n\r\n", [" and 5 of 3", "0 left"]),
    ("*2\r\n$5\r\nabcdexx$0\rx\r\nPING\n", [" and 5 of 2", "inline", "0 left"]),
    ("*2\r\n$5\r\nabcde\r\n:1\r\n", ["refused: expected '$', got ':'"]),
    ("*2\r\n$5\r\nabcde\r\n$-1\r\n", ["refused: invalid bulk length"]),
    ("*2\r\n$5\r\nabcde\r\n$5\r\nabc", ["22 left"]),
  ])
  func `the rest of a large request is followed, however it is split`(
    _ input: String, _ expected: [String]
  ) {
    let input = bytes(input)
    #expect(
      DecoderVerifier.transcript(RelayingDecoder.self, input, pieces: [input.count]) == expected)
    #expect(DecoderVerifier.differences(RelayingDecoder.self, input) == [])
  }

  @Test func `an argument of 512 MB passes in pieces of a kilobyte`() {
    var parser = RequestParser()
    let head = bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n")
    let verdict = unsafe parser.parse(head.span.bytes)
    #expect(
      verdict
        == .large(
          .init(
            headLength: head.count, argumentCount: 3, length: Limits.argumentBytesMax,
            isOverall: true)))
    #expect(unsafe parser.parse(head.span.bytes) == verdict, "until it is decided")
    #expect(unsafe parser.arguments.bytes(1, in: head.span.bytes).array == bytes("k"))
    var relay = parser.relay()
    #expect(parser.isMidRequest == false)
    // CRs and NULs would mislead whoever looked at them.
    let piece = [UInt8](repeating: 0x0D, count: 1024)
    var partial = 0
    for _ in 0..<(Limits.argumentBytesMax / piece.count) {
      if unsafe relay.take(piece.span.bytes) == .partial { partial += 1 }
    }
    #expect(partial == Limits.argumentBytesMax / piece.count)
    let end = bytes("\r\n*1\r\n")
    #expect(unsafe relay.take(end.span.bytes) == .complete(length: 2))
  }

  @Test func `arguments up to the threshold are waited for`() {
    var parser = RequestParser()
    var input = bytes("*2\r\n$3\r\nGET\r\n$65536\r\n")
    #expect(unsafe parser.parse(input.span.bytes) == .needsMore(atLeast: 65538))
    input += [UInt8](repeating: 1, count: 65538)
    #expect(unsafe parser.parse(input.span.bytes) == .command(length: input.count))
  }
}
