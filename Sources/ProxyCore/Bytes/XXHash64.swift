/// XXH64 with seed 0, as published: a fast hash that is the same everywhere and always, for naming
/// contents. It is no secret and no defence: tables that others fill are keyed with `SipHash`.
package enum XXHash64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// The hash of `bytes`. O(n).
  package static func hash(_ bytes: RawSpan) -> UInt64 {
    // Every load is in bounds: each is preceded by a comparison of `offset` with the count.
    var offset = 0
    var hash = prime5
    if bytes.byteCount >= 32 {
      hash = lanes(bytes)
      offset = bytes.byteCount & ~31
    }
    hash = hash &+ UInt64(truncatingIfNeeded: bytes.byteCount)
    while offset &+ 8 <= bytes.byteCount {
      hash ^= round(0, unsafe bytes.eightBytes(at: offset))
      hash = rotated(hash, 27) &* prime1 &+ prime4
      offset &+= 8
    }
    if offset &+ 4 <= bytes.byteCount {
      hash ^= UInt64(unsafe bytes.fourBytes(at: offset)) &* prime1
      hash = rotated(hash, 23) &* prime2 &+ prime3
      offset &+= 4
    }
    while offset < bytes.byteCount {
      hash ^= UInt64(unsafe bytes.byte(at: offset)) &* prime5
      hash = rotated(hash, 11) &* prime1
      offset &+= 1
    }
    hash = (hash ^ hash &>> 33) &* prime2
    hash = (hash ^ hash &>> 29) &* prime3
    return hash ^ hash &>> 32
  }

  /// All whole stretches of 32 bytes, in four lanes that do not wait for each other.
  private static func lanes(_ bytes: RawSpan) -> UInt64 {
    var first = prime1 &+ prime2
    var second = prime2
    var third: UInt64 = 0
    var fourth: UInt64 = 0 &- prime1
    var offset = 0
    while offset &+ 32 <= bytes.byteCount {
      first = round(first, unsafe bytes.eightBytes(at: offset))
      second = round(second, unsafe bytes.eightBytes(at: offset &+ 8))
      third = round(third, unsafe bytes.eightBytes(at: offset &+ 16))
      fourth = round(fourth, unsafe bytes.eightBytes(at: offset &+ 24))
      offset &+= 32
    }
    var hash =
      rotated(first, 1) &+ rotated(second, 7) &+ rotated(third, 12) &+ rotated(fourth, 18)
    hash = merged(hash, first)
    hash = merged(hash, second)
    hash = merged(hash, third)
    return merged(hash, fourth)
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotated(lane &+ word &* prime2, 31) &* prime1
  }

  private static func merged(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* prime1 &+ prime4
  }

  private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    (word &<< bits) | (word &>> (64 &- bits))
  }
}
