package import ProxyCore

/// What the target of an HTTP request asks for: `/get?key=NAME`, or `/NAME` for every other path.
///
///     target → path ? query → raw key → decoded key
///
/// Keys are bytes: `%00` and `%FF` are as good as any, and dots and slashes mean nothing. A query's
/// `+` is a space, a path's is a plus. Bytes past ASCII are taken as they stand, as browsers of old
/// sent them.
package enum RequestTarget {
  /// Appends the key that `target` names to `key`; nothing where it names none. O(n), and no
  /// allocation but what `key` needs to grow.
  package static func appendKey(
    of target: RawSpan, to key: inout ByteBuffer
  ) throws(RequestTargetError) {
    if !FieldSyntax.isTarget(target, 0..<target.byteCount) { try refuseForbidden(target) }
    try appendKey(ofParsed: target, to: &key)
  }

  /// The same for a target whose bytes the parser of requests has let pass.
  package static func appendKey(
    ofParsed target: RawSpan, to key: inout ByteBuffer
  ) throws(RequestTargetError) {
    if target.firstOffset(of: UInt8(ascii: "#"), in: 0..<target.byteCount) != nil {
      try refuseForbidden(target)
    }
    let start = try pathStart(target)
    let mark = target.firstOffset(of: UInt8(ascii: "?"), in: start..<target.byteCount)
    let path = start..<(mark ?? target.byteCount)
    let before = key.count
    do throws(RequestTargetError) {
      if target.extracting(path).equals("/get") {
        let query = mark.map { ($0 &+ 1)..<target.byteCount }
        guard
          let value = try parameter("key", target, in: query ?? path.upperBound..<path.upperBound)
        else { throw RequestTargetError.keyMissing }
        try decode(target, value, plus: UInt8(ascii: " "), into: &key)
      } else if !path.isEmpty {
        let name = (path.lowerBound &+ 1)..<path.upperBound
        try decode(target, name, plus: UInt8(ascii: "+"), into: &key)
      }
      if key.count == before { throw RequestTargetError.keyEmpty }
    } catch {
      key.truncate(to: before)
      throw error
    }
  }

  /// Where the path stands in a target whose bytes the parser of requests has let pass; nil where it has
  /// none.
  package static func path(ofParsed target: RawSpan) -> Range<Int>? {
    guard let start = try? pathStart(target) else { return nil }
    let mark = target.firstOffset(of: UInt8(ascii: "?"), in: start..<target.byteCount)
    return start..<(mark ?? target.byteCount)
  }

  /// Where the host and the port stand in an absolute target whose bytes the parser of requests has let
  /// pass, without the user before them; nil in any other.
  static func authority(ofParsed target: RawSpan) -> Range<Int>? {
    guard let end = try? pathStart(target), end > 0,
      let colon = target.firstOffset(of: UInt8(ascii: ":"), in: 0..<end)
    else { return nil }
    var start = colon &+ 3
    while let mark = target.firstOffset(of: UInt8(ascii: "@"), in: start..<end) {
      start = mark &+ 1
    }
    return start..<end
  }

  /// Nothing that ends a line, a word or a URL may stand in one.
  private static func refuseForbidden(_ target: RawSpan) throws(RequestTargetError) {
    for offset in 0..<target.byteCount {
      let byte = unsafe target.byte(at: offset)  // in bounds by the loop
      if byte <= UInt8(ascii: " ") || byte == 0x7F || byte == UInt8(ascii: "#") {
        throw .byteForbidden(byte, offset: offset)
      }
    }
  }

  /// Where the path begins: at once, or behind the host of an absolute URL, where it may be
  /// missing.
  private static func pathStart(_ target: RawSpan) throws(RequestTargetError) -> Int {
    guard target.byteCount > 0 else { throw .formUnknown }
    // In bounds: there is a byte.
    if unsafe target.byte(at: 0) == UInt8(ascii: "/") { return 0 }
    guard let colon = target.firstOffset(of: UInt8(ascii: ":"), in: 0..<6) else {
      throw .formUnknown
    }
    let scheme = target.extracting(0..<colon)
    let host = colon &+ 3
    guard scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https"),
      host <= target.byteCount, target.extracting(colon..<host).equals("://")
    else { throw .formUnknown }
    var end = host
    while end < target.byteCount {
      let byte = unsafe target.byte(at: end)  // in bounds by the loop
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") { break }
      end &+= 1
    }
    if end == host { throw .formUnknown }
    return end
  }

  /// The seconds that `?ttl=` gives a value that is written; nil where it is to stay.
  package static func timeToLive(of target: RawSpan) throws(RequestTargetError) -> Int? {
    guard let mark = target.firstOffset(of: UInt8(ascii: "?"), in: 0..<target.byteCount),
      let value = try parameter("ttl", target, in: mark &+ 1..<target.byteCount)
    else { return nil }
    guard let seconds = Decimal(target.extracting(value))?.value, seconds > 0,
      seconds <= Limits.httpTimeToLiveMax
    else { throw .ttlInvalid }
    return seconds
  }

  /// Where the value of the only parameter called `name`, of three letters, stands. Others are
  /// ignored.
  private static func parameter(
    _ name: StaticString, _ target: RawSpan, in query: Range<Int>
  ) throws(RequestTargetError) -> Range<Int>? {
    var found: Range<Int>?
    var start = query.lowerBound
    while start < query.upperBound {
      let end =
        target.firstOffset(of: UInt8(ascii: "&"), in: start..<query.upperBound) ?? query.upperBound
      let equals = target.firstOffset(of: UInt8(ascii: "="), in: start..<end) ?? end
      if isCalled(name, target, start..<equals) {
        if found != nil { throw .parameterRepeated(name.description) }
        found = min(equals &+ 1, end)..<end
      }
      start = end &+ 1
    }
    return found
  }

  /// Whether a parameter is called `name`, escaped or not.
  private static func isCalled(
    _ name: StaticString, _ target: RawSpan, _ range: Range<Int>
  ) -> Bool {
    if range.count == 3 { return target.extracting(range).equals(name) }
    guard range.count > 3 && range.count <= 9 else { return false }
    var decoded = ByteBuffer()
    do throws(RequestTargetError) {
      try decode(target, range, plus: UInt8(ascii: " "), into: &decoded)
    } catch {
      return false
    }
    return decoded.bytes.equals(name)
  }

  /// In runs of what stands for itself.
  private static func decode(
    _ target: RawSpan, _ range: Range<Int>, plus: UInt8, into key: inout ByteBuffer
  ) throws(RequestTargetError) {
    var run = range.lowerBound
    var offset = run
    while offset < range.upperBound {
      let byte = unsafe target.byte(at: offset)  // in bounds: callers give ranges of the target
      if byte != UInt8(ascii: "%") && byte != UInt8(ascii: "+") {
        offset &+= 1
        continue
      }
      key.append(target.extracting(run..<offset))
      if byte == UInt8(ascii: "+") {
        key.append(plus)
        offset &+= 1
      } else {
        // In bounds: three bytes are left.
        guard range.upperBound &- offset >= 3,
          let high = unsafe target.byte(at: offset &+ 1).hexValue,
          let low = unsafe target.byte(at: offset &+ 2).hexValue
        else { throw .escapeInvalid(offset: offset) }
        key.append(high << 4 | low)
        offset &+= 3
      }
      run = offset
    }
    key.append(target.extracting(run..<range.upperBound))
  }
}
