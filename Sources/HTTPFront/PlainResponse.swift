internal import HTTP
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
    _ start: inout ByteBuffer, _ form: HTTPRepresentation.BodyForm, _ date: borrowing DateLine,
    lines: [UInt8]
  ) {
    start.removeAll()
    start.append(HTTPStatus.ok.line)
    start.append(date.bytes)
    start.append(form.lines)
    start.append(lines.rawSpan)
    start.append("ETag: \"")
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

  /// The first of the bytes in the lowest bits.
  private mutating func write(_ count: Int, bytesOf word: UInt64) {
    unsafe start.storeBytes(
      of: word.littleEndian, toByteOffset: self.count, as: UInt64.self)
    self.count &+= count
  }

  /// Sixteen digits.
  mutating func writeHexadecimal(_ value: UInt64) {
    write(8, bytesOf: Self.hexadecimal(UInt32(truncatingIfNeeded: value &>> 32)))
    write(8, bytesOf: Self.hexadecimal(UInt32(truncatingIfNeeded: value)))
  }

  /// Eight digits, all at once: each half byte gets a byte of its own, the highest the lowest.
  private static func hexadecimal(_ value: UInt32) -> UInt64 {
    var word = UInt64(value.byteSwapped)
    word = (word | word &<< 16) & 0x0000_FFFF_0000_FFFF
    word = (word | word &<< 8) & 0x00FF_00FF_00FF_00FF
    word = word &>> 4 & 0x000F_000F_000F_000F | word &<< 8 & 0x0F00_0F00_0F00_0F00
    let letters = (word &+ ones &* 6) &>> 4 & ones
    return word &+ ones &* 0x30 &+ letters &* 0x27
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// At most twenty digits and a sign: the last eight at once, behind those before.
  mutating func writeDecimal(_ value: Int) {
    if value < 0 { write(UInt8(ascii: "-")) }
    var left = value.magnitude
    if left >= 100_000_000 {
      writeDecimal(Int(truncatingIfNeeded: left / 100_000_000))
      left = left % 100_000_000 &+ 100_000_000
    }
    var word: UInt64 = 0
    var digits = 0
    repeat {
      // A ninth digit was only there for the zeros before the others.
      if digits == 8 { break }
      word = word &<< 8 | UInt64(UInt8(ascii: "0")) &+ UInt64(left % 10)
      left /= 10
      digits &+= 1
    } while left > 0
    write(digits, bytesOf: word)
  }
}
