import HTTP
import HTTPFront
import ProxyCore
import TestSupport
import Testing

@Suite struct RequestTargetTests {
  static func key(_ target: [UInt8]) throws(RequestTargetError) -> [UInt8] {
    var key = ByteBuffer()
    key.append("before")
    do throws(RequestTargetError) {
      try unsafe RequestTarget.appendKey(of: target.span.bytes, to: &key)
    } catch {
      #expect(key.bytes.array == Array("before".utf8))
      throw error
    }
    return Array(key.bytes.array.dropFirst("before".utf8.count))
  }

  @Test(arguments: [
    ("/get?key=a", "a"), ("/get?key=a+b%2Bc", "a b+c"), ("/get?key=a/b?c=d", "a/b?c=d"),
    ("/get?key=a=b", "a=b"), ("/get?x=1&key=a&y", "a"), ("/get?&&key=a&&", "a"),
    ("/get?%6Bey=a", "a"), ("/get?%6b%65%79=a", "a"), ("/get?x=%zz&key=a", "a"),
    ("/get?Key=x&key=a", "a"), ("/get?keys=x&key=a", "a"), ("/get?key=%67%65%74", "get"),
    ("/get?key=a;b", "a;b"), ("/a", "a"), ("/a+b", "a+b"), ("/a%20b", "a b"), ("/a/b/", "a/b/"),
    ("//a", "/a"), ("//", "/"), ("/a?key=b", "a"), ("/a??", "a"), ("/%2F", "/"), ("/%3F", "?"),
    ("/get/", "get/"), ("/get/x?key=a", "get/x"), ("/GET?key=a", "GET"), ("/%67et?key=a", "get"),
    ("/ge%74", "get"), ("/../a/./b", "../a/./b"), ("/*", "*"), ("/http://a/b", "http://a/b"),
    ("/%25", "%"), ("/%E2%82%AC", "€"), ("/€", "€"), ("http://host/a", "a"),
    ("HTTP://host:80/get?key=a", "a"), ("https://[::1]:1/a/b?c", "a/b"), ("http://h//", "/"),
    ("http://user@h/a:b", "a:b"),
  ])
  func `a target names its key`(_ target: String, _ key: String) throws {
    #expect(String(decoding: try Self.key(Array(target.utf8)), as: UTF8.self) == key)
  }

  @Test func `keys are any bytes`() throws {
    #expect(try Self.key(Array("/%00%ff%FF%0d%0A".utf8)) == [0, 255, 255, 13, 10])
    #expect(try Self.key(Array("/get?key=%00%ff".utf8)) == [0, 255])
    #expect(try Self.key([0x2F, 0xFF, 0x80]) == [0xFF, 0x80])
  }

  @Test(arguments: [
    ("", RequestTargetError.formUnknown), ("*", .formUnknown), ("a", .formUnknown),
    ("host:80", .formUnknown), ("ftp://h/a", .formUnknown), ("http:/h/a", .formUnknown),
    ("http://", .formUnknown), ("http:///a", .formUnknown), ("http://?a", .formUnknown),
    ("?key=a", .formUnknown), ("get?key=a", .formUnknown), (":", .formUnknown),
    ("/", .keyEmpty), ("/?key=a", .keyEmpty), ("http://h", .keyEmpty), ("http://h?a", .keyEmpty),
    ("/get?key=", .keyEmpty), ("/get?key", .keyEmpty), ("/get", .keyMissing),
    ("/get?", .keyMissing), ("/get?k=a", .keyMissing), ("/get?KEY=a", .keyMissing),
    ("/get?key=a&key=b", .parameterRepeated("key")),
    ("/get?key=a&%6bey=a", .parameterRepeated("key")),
    ("/get?key&key", .parameterRepeated("key")), ("/%", .escapeInvalid(offset: 1)),
    ("/a%4", .escapeInvalid(offset: 2)), ("/%4g", .escapeInvalid(offset: 1)),
    ("/%%41", .escapeInvalid(offset: 1)), ("/get?key=a%", .escapeInvalid(offset: 10)),
    ("/get?key=%1&a=b", .escapeInvalid(offset: 9)), ("/%4?1", .escapeInvalid(offset: 1)),
    ("/a b", .byteForbidden(32, offset: 2)), ("/a#b", .byteForbidden(35, offset: 2)),
    ("/\r", .byteForbidden(13, offset: 1)), ("/\0", .byteForbidden(0, offset: 1)),
    ("/\u{7F}", .byteForbidden(127, offset: 1)),
  ])
  func `a target that names none says why`(_ target: String, _ error: RequestTargetError) {
    #expect(throws: error) { try Self.key(Array(target.utf8)) }
  }

  @Test func `errors are lines that say where`() {
    let lines: [(RequestTargetError, String)] = [
      (.byteForbidden(10, offset: 2), "byte 2 of the request target must be escaped: %0A"),
      (.byteForbidden(35, offset: 2), "byte 2 of the request target must be escaped: %23"),
      (
        .escapeInvalid(offset: 7),
        "byte 7 of the request target is a % without two hexadecimal digits after it"
      ),
    ]
    for (error, line) in lines { #expect(error.description == line) }
  }

  @Test func `random keys come back from every way to write them`() throws {
    var generator = SeededGenerator.forTest()
    let origins = ["", "http://h", "HTTPS://a.b:1"]
    for _ in 0..<5_000 {
      let length = Int.random(in: 1...30, using: &generator)
      let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let origin = Array((origins.randomElement(using: &generator) ?? "").utf8)
      let path = Self.escaped(key, reserved: "?#% ", plusIsSpace: false, &generator)
      if path != Array("get".utf8) {
        #expect(try Self.key(origin + [0x2F] + path) == key)
        #expect(try Self.key(origin + [0x2F] + path + Array("?key=%&%".utf8)) == key)
      }
      let query = Self.escaped(key, reserved: "&#%+ ", plusIsSpace: true, &generator)
      #expect(try Self.key(origin + Array("/get?a&key=".utf8) + query + Array("&b".utf8)) == key)
    }
  }

  /// Escapes what has to be, and other bytes at random.
  private static func escaped(
    _ key: [UInt8], reserved: String, plusIsSpace: Bool, _ generator: inout SeededGenerator
  ) -> [UInt8] {
    let reserved = Set(reserved.utf8)
    var text: [UInt8] = []
    for byte in key {
      if plusIsSpace && byte == 0x20 && Bool.random(using: &generator) {
        text.append(UInt8(ascii: "+"))
      } else if byte <= 0x20 || byte == 0x7F || reserved.contains(byte)
        || Int.random(in: 0..<4, using: &generator) == 0
      {
        let digits = String(byte, radix: 16, uppercase: Bool.random(using: &generator))
        text += Array((byte < 16 ? "%0" : "%").utf8) + Array(digits.utf8)
      } else {
        text.append(byte)
      }
    }
    return text
  }

  @Test func `any bytes name a key or say why not`() {
    var generator = SeededGenerator.forTest()
    let alphabet = Array("/get?key=&%4+:http#a".utf8) + [0, 32, 255]
    var keys = 0
    for _ in 0..<20_000 {
      var target = Array((Bool.random(using: &generator) ? "/" : "/get?").utf8)
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        target.append(alphabet.randomElement(using: &generator) ?? 0)
      }
      if let key = try? Self.key(target) {
        keys += 1
        #expect(!key.isEmpty)
      }
    }
    #expect(keys > 1_000)
  }
}
