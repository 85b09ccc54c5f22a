import HTTP
import HTTPFront
import ProxyCore

/// The target of an HTTP request: the key that a plain reading of the rules finds in it, or a line that says
/// why there is none.
enum HTTPTargetTarget {
  static func run(_ input: [UInt8]) {
    var key = ByteBuffer()
    key.append(UInt8(ascii: "k"))
    let expected = expectedKey(input)
    do throws(RequestTargetError) {
      try RequestTarget.appendKey(of: input.rawSpan, to: &key)
      let found = Array(key.bytes.array.dropFirst())
      demand(found == expected, "\(found), not \(String(describing: expected))")
      expectSame(found)
    } catch {
      demand(expected == nil, "\(error), not \(String(describing: expected))")
      demand(key.bytes.array == [UInt8(ascii: "k")], "half a key is left")
      demand(error.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(error)")
    }
    if let seconds = try? RequestTarget.timeToLive(of: input.rawSpan) {
      demand((1...Limits.httpTimeToLiveMax).contains(seconds), "\(seconds) s")
    }
  }

  /// A key with all of its bytes escaped is the same, in a path and in a query.
  private static func expectSame(_ key: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    let escaped = key.flatMap {
      [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]]
    }
    for start in ["/", "/get?a=b&key=", "http://host/", "/get?k%65y=", "HTTPS://h/get?key="] {
      var again = ByteBuffer()
      let target = Array(start.utf8) + escaped + (start.contains("?") ? Array("&c".utf8) : [])
      try? RequestTarget.appendKey(of: target.rawSpan, to: &again)
      demand(again.bytes.array == key, "\(key) is \(again.bytes.array) behind \(start)")
    }
  }

  // MARK: The rules, read plainly

  private static func expectedKey(_ target: [UInt8]) -> [UInt8]? {
    let isForbidden = { (byte: UInt8) in
      byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "#")
    }
    guard !target.contains(where: isForbidden), let rest = afterHost(target) else { return nil }
    let parts = rest.split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    let key: [UInt8]?
    if Array(parts[0]) == Array("/get".utf8) {
      let pairs = (parts.count > 1 ? parts[1] : []).split(separator: UInt8(ascii: "&"))
      let values = pairs.compactMap { pair -> [UInt8]? in
        let words = pair.split(
          separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard decoded(words[0], plusIsSpace: true) == Array("key".utf8) else { return nil }
        return Array(words.count > 1 ? words[1] : [])
      }
      key = values.count == 1 ? decoded(values[0][...], plusIsSpace: true) : nil
    } else {
      key = decoded(parts[0].dropFirst(), plusIsSpace: false)
    }
    return key?.isEmpty == true ? nil : key
  }

  /// What stands behind the scheme and the host; nil where it is neither a path nor a URL.
  private static func afterHost(_ target: [UInt8]) -> ArraySlice<UInt8>? {
    if target.first == UInt8(ascii: "/") { return target[...] }
    let letters = target.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    for scheme in ["http://", "https://"] where letters.starts(with: scheme.utf8) {
      let rest = target.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      let host = rest[..<(end ?? rest.endIndex)]
      return host.isEmpty ? nil : rest[host.endIndex...]
    }
    return nil
  }

  private static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: plusIsSpace ? " " : "+"))
      case UInt8(ascii: "%"):
        let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 2 else { return nil }
        bytes.append(UInt8(digits[0] << 4 | digits[1]))
        rest = rest.dropFirst(2)
      default: bytes.append(byte)
      }
    }
    return bytes
  }
}
