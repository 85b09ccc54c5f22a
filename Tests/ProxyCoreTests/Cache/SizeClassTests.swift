import Testing

@testable import ProxyCore

@Suite struct SizeClassTests {
  @Test func `every size has the smallest class that holds it, and wastes at most an eighth`() {
    var sizes: [Int: Int] = [:]
    for bytes in 1...SizeClass.bytesMax {
      let sizeClass = SizeClass(holding: bytes)
      #expect(sizeClass.bytes >= bytes)
      #expect(sizeClass.bytes - bytes < max(8, bytes / 8 + 1))
      #expect((0..<SizeClass.count).contains(sizeClass.number))
      #expect(sizeClass.blocksPerPage >= 4)
      let known = sizes[sizeClass.number, default: sizeClass.bytes]
      #expect(known == sizeClass.bytes, "a class has one size")
      sizes[sizeClass.number] = sizeClass.bytes
    }
    #expect(Set(sizes.values).count == sizes.count, "a size has one class")
  }
}
