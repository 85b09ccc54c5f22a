import TestSupport
import Testing

@testable import ProxyCore

@Suite struct WriterTests {
  @Test func `commands are written with all kinds of arguments`() {
    let output = written { output in
      output.appendCommand(argumentCount: 4)
      output.appendArgument("SET")
      output.appendArgument([0, 13])
      output.appendArgument(-1234)
      output.appendArgument(7)
    }
    #expect(output == bytes("*4\r\n$3\r\nSET\r\n$2\r\n\0\r\r\n$5\r\n-1234\r\n$1\r\n7\r\n"))
  }

  @Test(arguments: [0, 9, 10, -1, 99, 100, .max, .min, -9, 1_000_000_007])
  func `decimals are printed and read without a loss`(_ value: Int) {
    let digits = written { $0.appendDecimal(value) }
    #expect(digits == bytes("\(value)"))
    #expect(unsafe Decimal(digits.span.bytes)?.value == value)
  }

  @Test func `nobody can end a line from within a text`() {
    let evil = bytes("ERR x\r\n+OK\r\n")
    let error = written { unsafe $0.appendError(evil.span.bytes) }
    #expect(error == bytes("-ERR x  +OK  \r\n"))
    let status = written { unsafe $0.appendSimpleString(evil.span.bytes) }
    #expect(status == bytes("+ERR x  +OK  \r\n"))
    let number = written { unsafe $0.appendBigNumber(evil.span.bytes, .three) }
    #expect(number == bytes("(ERR x  +OK  \r\n"))
  }

  @Test(arguments: [
    (RESPValue.null, "$-1\r\n", "_\r\n"), (.boolean(true), ":1\r\n", "#t\r\n"),
    (.boolean(false), ":0\r\n", "#f\r\n"), (.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"),
    (.double(-.infinity), "$4\r\n-inf\r\n", ",-inf\r\n"),
    (.double(-.nan), "$3\r\nnan\r\n", ",nan\r\n"),
    (.bigNumber(bytes("12")), "$2\r\n12\r\n", "(12\r\n"),
    (.verbatimString(bytes("a"), format: "txt"), "$1\r\na\r\n", "=5\r\ntxt:a\r\n"),
    (.map([.init(key: .integer(1), value: .null)]), "*2\r\n:1\r\n$-1\r\n", "%1\r\n:1\r\n_\r\n"),
    (.set([.integer(1)]), "*1\r\n:1\r\n", "~1\r\n:1\r\n"),
    (.push([.integer(1)]), "*1\r\n:1\r\n", ">1\r\n:1\r\n"),
    (
      .array([.bulkString([]), .simpleString(bytes("OK"))]),
      "*2\r\n$0\r\n\r\n+OK\r\n", "*2\r\n$0\r\n\r\n+OK\r\n"
    ),
    (.error(RESPError("ERR no")), "-ERR no\r\n", "-ERR no\r\n"),
  ])
  func `a value is written in the words of either version`(
    _ value: RESPValue, _ two: String, _ three: String
  ) {
    #expect(written { $0.append(value, .two) } == bytes(two))
    #expect(written { $0.append(value, .three) } == bytes(three))
  }

  @Test func `an array's null differs from a string's in RESP2 alone`() {
    #expect(written { $0.appendNullArray(.two) } == bytes("*-1\r\n"))
    #expect(written { $0.appendNullArray(.three) } == bytes("_\r\n"))
  }
}

@Suite struct RESPValueTests {
  @Test func `values are taken out as what they are, or as what RESP2 has for it`() {
    let text = RESPValue.bulkString(bytes("12"))
    #expect(text.string == "12" && text.int == 12 && text.number == 12 && text.bytes == bytes("12"))
    #expect(RESPValue.integer(1).bool == true && RESPValue.boolean(false).bool == false)
    #expect(RESPValue.integer(2).bool == nil && RESPValue.integer(2).number == 2)
    #expect(RESPValue.null.isNull && RESPValue.null.bytes == nil && RESPValue.null.int == nil)
    #expect(RESPValue.bulkString(bytes("0x10")).number == nil)
    #expect(RESPValue.bulkString(bytes("-inf")).number == -.infinity)
    #expect(RESPValue.bulkString(bytes("1e3")).number == 1000)
    #expect(RESPValue.error(RESPError("ERR no")).failure?.code == "ERR")
    #expect(RESPError("NOAUTH").code == "NOAUTH" && RESPError("").code == "")
  }

  @Test func `elements and pairs are found, and what is missing is nil`() {
    let flat = RESPValue.array([.bulkString(bytes("a")), .integer(1)])
    let map = RESPValue.map([.init(key: .bulkString(bytes("a")), value: .integer(1))])
    #expect(flat["a"] == .integer(1) && map["a"] == .integer(1))
    #expect(flat["b"] == nil && map["b"] == nil && flat.pairs == map.pairs)
    #expect(flat[1] == .integer(1) && flat[2] == nil && flat[-1] == nil && map[0] == nil)
    #expect(RESPValue.array([.null]).pairs == nil && RESPValue.set([.null]).elements == [.null])
  }

  @Test func `NaN equals NaN and types are told apart`() {
    #expect(RESPValue.double(.nan) == .double(-.nan))
    #expect(RESPValue.double(1) != .double(.nan) && RESPValue.double(0) == .double(-0.0))
    #expect(RESPValue.bulkString([]) != .simpleString([]) && RESPValue.integer(1) != .double(1))
    #expect("\(RESPValue.array([.null, .boolean(true)]))" == "[(nil), true]")
  }
}
