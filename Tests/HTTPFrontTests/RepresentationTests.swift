import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite struct RepresentationTests {
  private struct Decoded: Decodable {
    let key: String
    let value: String
    let keyEncoding: String?
    let encoding: String?

    static func bytes(_ text: String, _ encoding: String?) -> [UInt8]? {
      encoding == nil ? Array(text.utf8) : Data(base64Encoded: text).map(Array.init)
    }
  }

  private static func json(_ key: [UInt8], _ value: [UInt8]) -> (bytes: [UInt8], count: Int) {
    let span = unsafe value.span.bytes
    let document = unsafe JSONDocument(key: key.span.bytes, value: span, isText: span.isUTF8)
    var output = ByteBuffer()
    document.write(to: &output)
    return (output.bytes.array, document.count)
  }

  @Test func `random keys and values come back from JSON, as Foundation reads it`() throws {
    var generator = SeededGenerator.forTest()
    let alphabet = Array("\"\\/\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}a€😀\u{2028}".unicodeScalars)
    func content() -> [UInt8] {
      let length = Int.random(in: 0...30, using: &generator)
      if Int.random(in: 0..<3, using: &generator) == 0 {
        return (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      }
      let scalars = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" }
      return Array(String(String.UnicodeScalarView(scalars)).utf8)
    }
    for _ in 0..<3_000 {
      let (key, value) = (content(), content())
      let document = Self.json(key, value)
      #expect(document.count == document.bytes.count)
      let decoded = try JSONDecoder().decode(Decoded.self, from: Data(document.bytes))
      #expect(Decoded.bytes(decoded.key, decoded.keyEncoding) == key)
      #expect(Decoded.bytes(decoded.value, decoded.encoding) == value)
      #expect((decoded.encoding != nil) == (String(validating: value, as: UTF8.self) == nil))
    }
  }

  @Test func `JSON is written to the letter`() {
    let cases: [([UInt8], [UInt8], String)] = [
      (bytes("a"), bytes("b"), "{\"key\": \"a\", \"value\": \"b\"}\n"),
      (bytes("a"), [255], "{\"key\": \"a\", \"value\": \"/w==\", \"encoding\": \"base64\"}\n"),
      ([255], [], "{\"key\": \"/w==\", \"keyEncoding\": \"base64\", \"value\": \"\"}\n"),
      (bytes("€"), bytes("\u{0}\u{1F}\n"), "{\"key\": \"€\", \"value\": \"\\u0000\\u001f\\n\"}\n"),
    ]
    for (key, value, expected) in cases { #expect(text(Self.json(key, value).bytes) == expected) }
  }

  @Test func `base64 is Foundation's, in both directions`() {
    var generator = SeededGenerator.forTest()
    for count in 0..<200 {
      let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let encoded = written { output in unsafe output.appendBase64(content.span.bytes) }
      #expect(text(encoded) == Data(content).base64EncodedString())
      #expect(encoded.count == ByteBuffer.base64Count(count))
      var decoder = Base64Decoder()
      var decoded: [UInt8] = []
      for letter in encoded {
        switch decoder.take(letter) {
        case .byte(let byte): decoded.append(byte)
        case .nothing: break
        case .invalid: Issue.record("\(letter) of \(text(encoded))")
        }
      }
      #expect(decoded == content && decoder.isAtEnd)
    }
  }

  @Test func `tags are read as they are written, and nothing else is a tag`() {
    var generator = SeededGenerator.forTest()
    for _ in 0..<1_000 {
      let hash = generator.next() >> UInt64.random(in: 0..<64, using: &generator)
      let tag = EntityTag(hash: hash, isJSON: Bool.random(using: &generator))
      var written = written { tag.write(to: &$0) }
      let digits = String(hash, radix: 16)
      let padded = String(repeating: "0", count: 16 - digits.count) + digits
      #expect(text(written) == "\"\(padded)\(tag.isJSON ? "-json" : "")\"")
      #expect(unsafe EntityTag(written.span.bytes) == tag)
      written[Int.random(in: written.indices, using: &generator)] = UInt8.random(
        in: 0...255, using: &generator)
      if let read = unsafe EntityTag(written.span.bytes) {
        var again = ByteBuffer()
        read.write(to: &again)
        #expect(again.bytes.array == written)
      }
    }
  }

  @Test func `dates are Foundation's`() {
    var generator = SeededGenerator.forTest()
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "'Date: 'EEE, dd MMM yyyy HH:mm:ss' GMT\r\n'"
    let marks = [
      0, 784_111_777, 951_782_399, 951_782_400, 951_868_800, 4_107_542_400, 253_402_300_799,
    ]
    let random = (0..<3_000).map { _ in Int.random(in: 0...253_402_300_799, using: &generator) }
    var line = DateLine()
    for second in marks + random {
      line.write(unixSeconds: second)
      #expect(
        text(line.bytes.array)
          == formatter.string(from: Date(timeIntervalSince1970: Double(second))))
    }
    line.write(unixSeconds: -5)
    #expect(text(line.bytes.array).contains("1970 00:00:00"))
    line.write(unixSeconds: .max)
    #expect(text(line.bytes.array).contains("31 Dec 9999 23:59:59"))
  }

  @Test func `the date is made anew once its second is over, and not before`() {
    var line = DateLine()
    let now = Moment.now
    line.refresh(now: now)
    let made = line.bytes.array
    #expect(made.count == 37)
    line.write(unixSeconds: 0)
    let past = line.bytes.array
    line.refresh(now: now)
    #expect(line.bytes.array == past)
    line.refresh(now: now.advanced(by: .seconds(1)))
    #expect(line.bytes.array != past)
  }
}
