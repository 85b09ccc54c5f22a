internal import ProxyCore

/// The responses that are the most by far: a whole value from memory, to a client that asks for nothing
/// special. What they have in common is made once a second; the rest is written with one look at how
/// much room there is.
struct PlainResponse: ~Copyable {
  private var text = ByteBuffer()
  private var octets = ByteBuffer()

  /// What comes before the tag: `lines` are those of every value.
  mutating func prepare(_ date: borrowing DateLine, lines: [UInt8]) {
    Self.prepare(&text, .text, date, lines: lines)
    Self.prepare(&octets, .octets, date, lines: lines)
  }

  private static func prepare(
    _ start: inout ByteBuffer, _ form: HTTPRepresentation.Form, _ date: borrowing DateLine,
    lines: [UInt8]
  ) {
    start.removeAll()
    start.append(HTTPStatus.ok.line)
    start.append(date.bytes)
    start.append(form.lines)
    start.append(lines.rawSpan)
    start.append("ETag: \"")
  }

  /// Whether it is the response to `request`.
  static func answers(_ request: HTTPRequest) -> Bool {
    request.isPlain && !request.wantsJSON && request.persistence == .implied
      && request.origin == .silence
  }

  /// Writes the response. O(n).
  func append(
    _ value: borrowing HTTPValue, age: Int, timeToLive: Int, isHead: Bool,
    to output: inout ByteBuffer
  ) {
    if value.isText {
      Self.append(text, value, age, timeToLive, isHead, to: &output)
    } else {
      Self.append(octets, value, age, timeToLive, isHead, to: &output)
    }
  }

  private static func append(
    _ start: borrowing ByteBuffer, _ value: borrowing HTTPValue, _ age: Int, _ timeToLive: Int,
    _ isHead: Bool, to output: inout ByteBuffer
  ) {
    let start = start.bytes
    let body = isHead ? value.bytes.extracting(0..<0) : value.bytes
    let (hash, count) = (value.hash, value.bytes.byteCount)
    unsafe output.appendInPlace(minimum: start.byteCount &+ fixedBytes &+ body.byteCount) { room in
      var cursor = unsafe Cursor(room.baseAddress.unsafelyUnwrapped)
      cursor.write(start)
      cursor.writeHexadecimal(hash)
      cursor.write("\"\r\nAge: ")
      cursor.writeDecimal(age)
      cursor.write("\r\nCache-Status: proxyd; hit; ttl=")
      cursor.writeDecimal(timeToLive)
      cursor.write("\r\nContent-Length: ")
      cursor.writeDecimal(count)
      cursor.write("\r\n\r\n")
      cursor.write(body)
      return cursor.count
    }
  }

  /// Room for everything between the start and the body: the words, a tag, three numbers.
  private static let fixedBytes = 160
}

/// Where to write next. There is room for all that is written: the caller has asked for it.
@safe
private struct Cursor {
  private let start: UnsafeMutableRawPointer
  private(set) var count = 0

  init(_ start: UnsafeMutableRawPointer) { unsafe self.start = start }

  mutating func write(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes {
      guard let from = $0.baseAddress else { return }
      unsafe (start + count).copyMemory(from: from, byteCount: $0.count)
    }
    count &+= bytes.byteCount
  }

  mutating func write(_ text: StaticString) {
    unsafe (start + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count &+= text.utf8CodeUnitCount
  }

  mutating func write(_ byte: UInt8) {
    unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  mutating func writeHexadecimal(_ value: UInt64) {
    var left = value
    for _ in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: left &>> 60)
      write(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &- 10 &+ digit)
      left &<<= 4
    }
  }

  /// At most twenty digits and a sign.
  mutating func writeDecimal(_ value: Int) {
    if value < 0 { write(UInt8(ascii: "-")) }
    var left = value.magnitude
    var digits = 1
    var rest = left
    while rest >= 10 {
      rest /= 10
      digits &+= 1
    }
    count &+= digits
    var place = count
    repeat {
      place &-= 1
      let digit = UInt8(truncatingIfNeeded: left % 10)
      unsafe start.storeBytes(of: UInt8(ascii: "0") &+ digit, toByteOffset: place, as: UInt8.self)
      left /= 10
    } while left > 0
  }
}
