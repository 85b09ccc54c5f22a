/// Commands, as a client sends them: a header and then so many arguments, the name first.
///
///     output.appendCommand(argumentCount: 2)
///     output.appendArgument("GET")
///     output.appendArgument(key)
extension ByteBuffer {
  package mutating func appendCommand(argumentCount: Int) {
    append(UInt8(ascii: "*"))
    appendDecimal(argumentCount)
    appendLineEnd()
  }

  /// `GET key`.
  package mutating func appendGet(_ key: RawSpan) {
    append("*2\r\n$3\r\nGET\r\n")
    appendArgument(key)
  }

  package mutating func appendArgument(_ bytes: RawSpan) {
    appendBulkHeader(length: bytes.byteCount)
    append(bytes)
    appendLineEnd()
  }

  package mutating func appendArgument(_ bytes: [UInt8]) {
    unsafe appendArgument(bytes.span.bytes)  // bytes have no padding
  }

  package mutating func appendArgument(_ text: StaticString) {
    appendBulkHeader(length: text.utf8CodeUnitCount)
    append(text)
    appendLineEnd()
  }

  package mutating func appendArgument(_ value: Int) {
    let digits = DecimalDigits(value)
    appendArgument(digits.bytes)
  }
}
