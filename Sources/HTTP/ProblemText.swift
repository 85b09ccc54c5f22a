internal import ProxyCore

/// The body of a response that is no success: one line of text, or `{"error": "…"}`.
struct ProblemText {
  private let text: String
  private let isJSON: Bool

  init(_ text: String, isJSON: Bool) {
    self.text = text
    self.isJSON = isJSON
  }

  /// How long it is.
  var count: Int {
    if !isJSON { return text.utf8.count &+ 1 }
    let string = unsafe JSONText.count(of: text.utf8Span.span.bytes, isText: true)
    return Self.start.utf8CodeUnitCount &+ string &+ Self.end.utf8CodeUnitCount
  }

  /// The header lines that say what it is.
  func appendLines(to output: inout ByteBuffer) {
    output.append(
      isJSON
        ? "Content-Type: application/json\r\n" : "Content-Type: text/plain; charset=utf-8\r\n")
    output.append("X-Content-Type-Options: nosniff\r\n")
  }

  func write(to output: inout ByteBuffer) {
    // Bytes have no padding.
    let bytes = unsafe text.utf8Span.span.bytes
    if isJSON {
      output.append(Self.start)
      output.appendJSON(bytes, isText: true)
      output.append(Self.end)
    } else {
      // In bounds by the loop. A line stays one, whatever Redis has put into it.
      for offset in 0..<bytes.byteCount {
        let byte = unsafe bytes.byte(at: offset)
        output.append(byte < 0x20 ? UInt8(ascii: " ") : byte)
      }
      output.append(UInt8(ascii: "\n"))
    }
  }

  private static let start: StaticString = "{\"error\": "
  private static let end: StaticString = "}\n"
}
