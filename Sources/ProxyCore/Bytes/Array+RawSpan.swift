extension Array where Element == UInt8 {
  /// The array's bytes in place.
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(span.bytes, borrowing: self) }  // bytes have no padding
  }

  package mutating func append(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}

extension RawSpan {
  /// Whether both are the same bytes. O(n).
  package func isSame(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    return unsafe withUnsafeBytes { own in
      unsafe other.withUnsafeBytes { other in
        unsafe sameBytes(own.baseAddress, other.baseAddress, own.count)
      }
    }
  }
}
