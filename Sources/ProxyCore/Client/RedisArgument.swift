/// One argument of a command, or its name: bytes, given as what is at hand.
///
/// ```swift
/// let name: RedisArgument = "visits"
/// let picture = RedisArgument([0xFF, 0xD8, 0x00])
/// try await redis.send("INCRBY", name, 2)
/// ```
///
/// Nothing is copied before the bytes go where they are sent from. Text goes as UTF-8, numbers in
/// decimal.
public struct RedisArgument: Sendable {
  enum ArgumentContent: Sendable {
    case string(String)
    case literal(StaticString)
    case bytes([UInt8])
    case slice(ArraySlice<UInt8>)
    case integer(Int)
  }

  let content: ArgumentContent

  /// The bytes of `text` in UTF-8. O(1).
  public init(_ text: String) { content = .string(text) }

  /// The bytes of `text`, which the compiler has laid out. O(1).
  public init(_ text: StaticString) {
    content = text.hasPointerRepresentation ? .literal(text) : .string(text.description)
  }

  /// These bytes. O(1).
  public init(_ bytes: [UInt8]) { content = .bytes(bytes) }

  /// These bytes. O(1).
  public init(_ bytes: ArraySlice<UInt8>) { content = .slice(bytes) }

  /// `number` in decimal. O(1).
  public init(_ number: some BinaryInteger) {
    // What does not fit 64 bits is rare enough for a text.
    content = Int(exactly: number).map { .integer($0) } ?? .string("\(number)")
  }

  /// `number` in the fewest digits that give it back: `0.1`, `1e+300`, `inf`.
  public init(_ number: Double) { content = .string("\(number)") }
}

extension RedisArgument: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral
{
  /// The text of a literal, or one with values in it: `"user:\(id)"`.
  public init(stringLiteral text: String) { self.init(text) }

  /// The number of a literal.
  public init(integerLiteral number: Int) { content = .integer(number) }
}

extension RedisArgument: RedisArgumentConvertible {
  /// Itself.
  public var redisArgument: RedisArgument { self }
}

extension String: RedisArgumentConvertible {
  /// The text in UTF-8.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension Substring: RedisArgumentConvertible {
  /// The text in UTF-8.
  public var redisArgument: RedisArgument { RedisArgument(String(self)) }
}

extension StaticString: RedisArgumentConvertible {
  /// The text in UTF-8.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension [UInt8]: RedisArgumentConvertible {
  /// The bytes.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension ArraySlice<UInt8>: RedisArgumentConvertible {
  /// The bytes.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension Int: RedisArgumentConvertible {
  /// The number in decimal.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension Int64: RedisArgumentConvertible {
  /// The number in decimal.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension Double: RedisArgumentConvertible {
  /// The number in the fewest digits that give it back.
  public var redisArgument: RedisArgument { RedisArgument(self) }
}

extension RedisArgument {
  /// The most bytes that it can have with its header and its end.
  var encodedCountMax: Int {
    switch content {
    case .string(let text): text.utf8.count &+ Self.framingMax
    case .literal(let text): text.utf8CodeUnitCount &+ Self.framingMax
    case .bytes(let bytes): bytes.count &+ Self.framingMax
    case .slice(let bytes): bytes.count &+ Self.framingMax
    case .integer: 20 &+ Self.framingMax
    }
  }

  /// `$`, a length of 64 bits, and two ends of lines.
  private static let framingMax = 25

  /// Shows `body` the bytes. O(1) but for text from outside of Swift.
  func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
    switch content {
    case .string(var text):
      text.withUTF8 { unsafe body(UnsafeRawBufferPointer($0).bytes) }
    case .literal(let text):
      unsafe body(
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).bytes)
    case .bytes(let bytes): unsafe body(bytes.span.bytes)  // bytes have no padding
    case .slice(let bytes): unsafe bytes.withUnsafeBytes { unsafe body($0.bytes) }
    case .integer(let number): body(DecimalDigits(number).bytes)
    }
  }
}

extension RedisArgument {
  /// Appends itself as Redis reads it.
  func encode(to output: inout ByteBuffer) {
    switch content {
    case .integer(let number): output.appendArgument(number)
    case .bytes(let bytes): output.appendArgument(bytes)
    case .literal(let text): output.appendArgument(text)
    case .string, .slice: withBytes { output.appendArgument($0) }
    }
  }

  /// Appends a command that has these arguments.
  static func encode(_ arguments: [RedisArgument], to output: inout ByteBuffer) {
    output.appendCommand(argumentCount: arguments.count)
    // A span's elements are looked at in place; an array's iterator would retain each.
    let arguments = arguments.span
    for index in arguments.indices { arguments[index].encode(to: &output) }
  }

  /// The most bytes that a command with these arguments can have.
  static func encodedCountMax(_ arguments: [RedisArgument]) -> Int {
    let arguments = arguments.span
    var count = commandHeaderMax
    for index in arguments.indices { count &+= arguments[index].encodedCountMax }
    return count
  }

  /// `*`, a count of 64 bits, and the end of the line.
  private static let commandHeaderMax = 23
}
