internal import HTTP
internal import ProxyCore

/// Writes JSON, value by value, commas where they belong.
struct JSONWriter: ~Copyable {
  private var text = ByteBuffer()
  /// Whether something stands in the object or array at hand already.
  private var needsComma = false

  mutating func object(_ name: String? = nil, _ body: (inout JSONWriter) -> Void) {
    nest(name, "{", "}", body)
  }

  mutating func array<Element>(
    _ name: String, _ elements: some Sequence<Element>,
    _ body: (Element, inout JSONWriter) -> Void
  ) {
    nest(name, "[", "]") { json in for element in elements { body(element, &json) } }
  }

  mutating func field(_ name: String, _ value: Int) {
    begin(name)
    text.appendDecimal(value)
  }

  /// What no JSON can say, such as an infinity, is null.
  mutating func field(_ name: String, _ value: Double) {
    begin(name)
    text.append(text: value.isFinite ? "\(value)" : "null")
  }

  mutating func field(_ name: String, _ value: Bool) {
    begin(name)
    text.append(value ? "true" : "false")
  }

  mutating func field(_ name: String, _ value: String?) {
    begin(name)
    if let value { append(value) } else { text.append("null") }
  }

  /// Bytes as a string, in base64 where they are not UTF-8: `mark` says so then.
  mutating func bytes(_ name: String, _ mark: String, _ value: [UInt8]) {
    let isText = value.rawSpan.isUTF8
    begin(name)
    text.appendJSON(value.rawSpan, isText: isText)
    if !isText { field(mark, "base64") }
  }

  mutating func value(_ value: Int) {
    begin(nil)
    text.appendDecimal(value)
  }

  mutating func value(_ value: Double) {
    begin(nil)
    text.append(text: "\(value)")
  }

  /// Everything, and a line end.
  consuming func move(to document: inout ByteBuffer) {
    document.append(text.bytes)
    document.append("\n")
  }

  private mutating func nest(
    _ name: String?, _ start: StaticString, _ end: StaticString,
    _ body: (inout JSONWriter) -> Void
  ) {
    begin(name)
    text.append(start)
    needsComma = false
    body(&self)
    text.append(end)
    needsComma = true
  }

  private mutating func begin(_ name: String?) {
    if needsComma { text.append(",") }
    needsComma = true
    guard let name else { return }
    append(name)
    text.append(":")
  }

  private mutating func append(_ value: String) {
    text.appendJSON(Array(value.utf8).rawSpan, isText: true)
  }
}
