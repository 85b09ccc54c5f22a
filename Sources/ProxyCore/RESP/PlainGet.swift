/// A `GET` of a short key, all of it there and written as clients write it: what a cache is mostly asked,
/// recognized at a glance. Whatever this does not recognize is for `RequestParser`, which understands it
/// in the same way.
package struct PlainGet {
  /// Where the key lies.
  package let key: Range<Int>
  /// Where the request ends.
  package var end: Int { key.upperBound &+ 2 }

  /// The request that begins at `start`, if it is one.
  package init?(_ bytes: RawSpan, at start: Int) {
    let left = bytes.byteCount &- start
    // In bounds, all that is read here: with a key of one byte there are so many.
    guard start >= 0, left >= 20, unsafe bytes.eightBytes(at: start) == Self.head,
      unsafe bytes.eightBytes(at: start &+ 6) & Self.nameMask == Self.name,
      let length = unsafe ShortLength(bytes.fourBytes(at: start &+ 14))
    else { return nil }
    let first = start &+ 14 &+ length.lineBytes
    // The two bytes behind the key are not checked.
    guard length.value &+ 2 <= bytes.byteCount &- first else { return nil }
    key = first..<first &+ length.value
  }

  private static let head: UInt64 = 0x0A0D_3324_0A0D_322A  // *2\r\n$3\r\n
  private static let name: UInt64 = 0x240A_0D54_4547_0A0D  // \r\nGET\r\n$
  /// Without the bits that tell the case.
  private static let nameMask: UInt64 = 0xFFFF_FFDF_DFDF_FFFF
}
