internal import HTTP
internal import ProxyCore

/// What clients send behind the target of a plain `GET`. A client sends the same again and again, and most
/// clients of one server are of one kind: what a head was found to say holds for every other one with the
/// same bytes, so that only the target is left to be read.
///
/// ```
///   GET /user:42 HTTP/1.1␍␊Host: cache:8080␍␊Accept: */*␍␊␍␊
///   ╰1╯╰───2───╯╰────────────────────3───────────────────╯    1, 3: compared; 2: the target
/// ```
///
/// One for each loop. It knows a few heads, and forgets them with the settings by which they were judged.
struct PlainHeads: ~Copyable {
  private var rests = InlineArray<8, HeadRest> { _ in HeadRest() }
  /// Which one is replaced next.
  private var oldest = 0

  /// From behind the target up to the empty line, it included; nothing: none is known.
  private struct HeadRest: ~Copyable {
    var bytes = ByteBuffer()
  }

  /// Where the target stands in a request whose other bytes are known under `number`, and where the
  /// request ends; nil where it is another one, or not all of it is there. O(its bytes)
  func find(_ number: Int, in bytes: RawSpan) -> (target: Range<Int>, end: Int)? {
    let count = rests[number].bytes.count
    guard count > 0, bytes.byteCount > count &+ Self.startBytes else { return nil }
    // In bounds: more than twelve bytes are there.
    guard unsafe UInt32(truncatingIfNeeded: bytes.eightBytes(at: 0)) == Self.start else {
      return nil
    }
    // An absolute target names a host, which counts instead of the one that is known.
    guard unsafe bytes.byte(at: Self.startBytes) == UInt8(ascii: "/") else { return nil }
    let end = FieldSyntax.targetEnd(bytes, from: Self.startBytes)
    // A line that is too long is refused elsewhere.
    guard end > Self.startBytes, end &+ count <= Limits.httpLineBytesMax,
      bytes.byteCount &- end >= count,
      bytes.extracting(end..<end &+ count).equals(rests[number].bytes.bytes)
    else { return nil }
    return (Self.startBytes..<end, end &+ count)
  }

  /// Keeps what is behind the target of a plain `GET`, and says under which number. O(n)
  mutating func keep(_ rest: RawSpan) -> Int {
    guard rest.byteCount <= Limits.httpHeadKeptMax else { return 0 }
    for number in rests.indices where rest.equals(rests[number].bytes.bytes) { return number }
    let number = oldest
    rests[number].bytes.removeAll()
    rests[number].bytes.append(rest)
    oldest = (number &+ 1) % rests.count
    return number
  }

  /// `GET `, the first byte in the lowest bits.
  private static let start: UInt32 = 0x2054_4547
  private static let startBytes = 4
}
