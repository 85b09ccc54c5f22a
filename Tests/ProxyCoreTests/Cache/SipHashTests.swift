import Testing

@testable import ProxyCore

@Suite struct SipHashTests {
  @Test func `it is SipHash-1-3`() {
    // Values of an independent implementation with a key of zeros, for the bytes 0, 1, 2 … of a length.
    let vectors: [(Int, UInt64)] = [
      (1, 0x68a914128e01e473),
      (7, 0x2f098ab0c751325a),
      (8, 0xead411e67ebe2eea),
      (9, 0x75927f9d95124362),
      (15, 0xf30eb725bb91c9ea),
      (16, 0x8972188433a5c5b7),
      (17, 0x4883c49a2c009c1d),
      (40, 0x95bc321ab41d8206),
    ]
    for (length, expected) in vectors {
      let bytes = (0..<length).map { UInt8($0) }
      #expect(unsafe SipHash(key0: 0, key1: 0).hash(bytes.span.bytes) == expected)
    }
  }

  @Test func `every process and every cache has a key of its own`() {
    let bytes: [UInt8] = [1, 2, 3]
    #expect(unsafe SipHash().hash(bytes.span.bytes) != SipHash().hash(bytes.span.bytes))
  }
}
