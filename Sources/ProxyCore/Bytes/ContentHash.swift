/// A keyed hash that names contents. An attacker without the seed cannot build two contents with one name; two
/// processes with the same seed give the same names.
///
/// Two different contents of one length collide with a probability of about 2⁻⁶⁰, even if an attacker chose them.
/// Pairs of words are multiplied as in NH (Black, Halevi, Krawczyk, Krovetz, Rogaway: UMAC, 1999) with words derived
/// from the seed, and stretches of 128 bytes are folded into each other. It names contents for comparison; it is not
/// a signature.
package struct ContentHash: Sendable {
  package let seed: UInt64
  /// Twenty of them: sixteen that contents are added to, and four that mix.
  private let words: [UInt64]

  package init(seed: UInt64) {
    self.seed = seed
    let first = SipHash(key0: seed, key1: 0x636f_6e74_656e_7473)
    words = (0..<20).map { first.hash([UInt8($0)].rawSpan) }
  }

  /// The hash of `bytes`. O(n), about eight bytes in a cycle.
  package func hash(_ bytes: RawSpan) -> UInt64 {
    // Every load is in bounds: each is preceded by a comparison of `offset` with the count. Places are even and
    // below sixteen.
    let words = words.span
    let count = bytes.byteCount
    var state = unsafe words[unchecked: 16] ^ UInt64(truncatingIfNeeded: count)
    var sum = Sum()
    var offset = 0
    while count &- offset > 128 {
      for place in stride(from: 0, to: 16, by: 2) {
        add(bytes, at: offset &+ place &* 8, words, place, to: &sum)
      }
      state = unsafe Self.folded(sum.low ^ state, sum.high ^ words[unchecked: 17]) ^ sum.high
      sum = Sum()
      offset &+= 128
    }
    var place = 0
    while count &- offset >= 16 {
      add(bytes, at: offset, words, place, to: &sum)
      offset &+= 16
      place &+= 2
    }
    if offset < count { add(rest: bytes, words, place, to: &sum) }
    let name = unsafe Self.folded(sum.low ^ state, sum.high ^ words[unchecked: 18])
    return unsafe Self.folded(name ^ sum.high, words[unchecked: 19] | 1) ^ name
  }

  /// The sum of products, modulo 2¹²⁸.
  private struct Sum {
    var low: UInt64 = 0
    var high: UInt64 = 0

    @inline(__always)
    mutating func add(_ first: UInt64, times second: UInt64) {
      let product = first.multipliedFullWidth(by: second)
      let (low, carries) = low.addingReportingOverflow(product.low)
      self.low = low
      high = high &+ product.high &+ (carries ? 1 : 0)
    }
  }

  @inline(__always)
  private func add(
    _ bytes: RawSpan, at offset: Int, _ words: Span<UInt64>, _ place: Int, to sum: inout Sum
  ) {
    sum.add(
      unsafe bytes.eightBytes(at: offset) &+ words[unchecked: place],
      times: unsafe bytes.eightBytes(at: offset &+ 8) &+ words[unchecked: place &+ 1])
  }

  /// Fewer than sixteen bytes at the end, together with those before them where there are any. With the count they
  /// are told from all others.
  private func add(rest bytes: RawSpan, _ words: Span<UInt64>, _ place: Int, to sum: inout Sum) {
    let count = bytes.byteCount
    var first: UInt64 = 0
    var second: UInt64 = 0
    if count >= 16 {
      first = unsafe bytes.eightBytes(at: count &- 16)
      second = unsafe bytes.eightBytes(at: count &- 8)
    } else if count >= 8 {
      first = unsafe bytes.eightBytes(at: 0)
      second = unsafe bytes.eightBytes(at: count &- 8)
    } else if count >= 4 {
      first = UInt64(unsafe bytes.fourBytes(at: 0))
      second = UInt64(unsafe bytes.fourBytes(at: count &- 4))
    } else {
      for index in 0..<count { first = first &<< 8 | UInt64(unsafe bytes.byte(at: index)) }
    }
    sum.add(
      unsafe first &+ words[unchecked: place], times: unsafe second &+ words[unchecked: place &+ 1])
  }

  private static func folded(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = first.multipliedFullWidth(by: second)
    return product.high ^ product.low
  }
}
