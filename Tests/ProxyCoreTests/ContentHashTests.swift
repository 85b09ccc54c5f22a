import TestSupport
import Testing

@testable import ProxyCore

@Suite("Names of contents")
struct ContentHashTests {
  @Test("are the same for the same bytes and seed, and others for others")
  func names() {
    var generator = SeededGenerator.forTest()
    let content = (0..<700).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let (hash, same) = (ContentHash(seed: 1), ContentHash(seed: 1))
    let other = ContentHash(seed: 2)
    var seen: Set<UInt64> = []
    for count in 0...content.count {
      // No more memory than that, so that the address sanitizer sees what is read behind it.
      let bytes = Array(content[..<count])
      let name = hash.hash(bytes.rawSpan)
      #expect(name == same.hash(bytes.rawSpan))
      #expect(seen.insert(name).inserted && seen.insert(other.hash(bytes.rawSpan)).inserted)
      for _ in 0..<3 where count > 0 {
        var changed = bytes
        changed[Int.random(in: 0..<count, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
        #expect(hash.hash(changed.rawSpan) != name)
      }
    }
  }

  @Test("of zeros, of as many as may be, differ")
  func zeros() {
    let hash = ContentHash(seed: 3)
    let names = (0...1_000).map { hash.hash([UInt8](repeating: 0, count: $0).rawSpan) }
    #expect(Set(names).count == names.count)
    let ones = (0...1_000).map { hash.hash([UInt8](repeating: 0xFF, count: $0).rawSpan) }
    #expect(Set(names + ones).count == 2 * names.count - 1)
  }

  @Test("stay what they are from version to version")
  func stability() {
    let hash = ContentHash(seed: 0x1234_5678_9ABC_DEF0)
    let content = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
    var folded: UInt64 = 0
    for count in 0...1_000 {
      folded = folded &* 31 &+ hash.hash(Array(content.prefix(count)).rawSpan)
    }
    #expect(folded == 5_450_921_861_001_177_572)
  }

  @Test("cannot be made to agree by who does not know the seed")
  func collisions() {
    // Two values whose XXH64, which has no secret, is the same: within each of its workers, the second word takes
    // back what the first one has changed.
    var generator = SeededGenerator.forTest()
    for _ in 0..<100 {
      let first = (0..<8).map { _ in generator.next() }
      var second = first
      for worker in 0..<4 {
        second[worker] = generator.next()
        second[worker + 4] = Self.word(
          after: second[worker], like: first[worker], first[worker + 4], worker)
      }
      let (one, two) = (Self.bytes(first), Self.bytes(second))
      #expect(one != two && Self.workers(first) == Self.workers(second))
      let hash = ContentHash(seed: generator.next())
      #expect(hash.hash(one.rawSpan) != hash.hash(two.rawSpan))
    }
  }

  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let starts: [UInt64] = [prime1 &+ prime2, prime2, 0, 0 &- prime1]

  private static func round(_ worker: UInt64, _ word: UInt64) -> UInt64 {
    let sum = worker &+ word &* prime2
    return (sum << 31 | sum >> 33) &* prime1
  }

  private static func workers(_ words: [UInt64]) -> [UInt64] {
    (0..<4).map { round(round(starts[$0], words[$0]), words[$0 + 4]) }
  }

  /// The word that makes a worker what `known` and `next` make it, after `first` instead of `known`.
  private static func word(
    after first: UInt64, like known: UInt64, _ next: UInt64, _ worker: Int
  ) -> UInt64 {
    let difference = round(starts[worker], known) &- round(starts[worker], first)
    // Of an odd number, by Newton: five correct bits become 160.
    var inverse = prime2
    for _ in 0..<5 { inverse = inverse &* (2 &- prime2 &* inverse) }
    return next &+ difference &* inverse
  }

  private static func bytes(_ words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
  }
}
