import Foundation
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct HotKeySketchTests {
  static let start = Moment(nanoseconds: 5_000_000_000)

  /// A sketch, and a reader that asks it which reads it wants to note.
  private struct Reader: ~Copyable {
    var sketch: HotKeySketch
    let hashing = SipHash(key0: 1, key1: 2)
    var pass: Int32 = 0
    var notedCount = 0
    var readCount = 0

    init(seed: UInt64) { sketch = HotKeySketch(seed: seed, now: HotKeySketchTests.start) }

    mutating func read(_ name: String, database: UInt32 = 0, at now: Moment) {
      readCount += 1
      if pass > 0 {
        pass -= 1
        return
      }
      notedCount += 1
      let key = Array(name.utf8)
      pass = sketch.note(
        key.rawSpan, hash: hashing.hash(key.rawSpan), database: database, now: now)
    }

    mutating func top(_ count: Int, at now: Moment) -> [HotKey] {
      HotKeyTally.sum(of: [sketch.tally(now: now)], atMost: count).keys
    }
  }

  private func name(_ key: HotKey) -> String { String(decoding: key.key, as: UTF8.self) }

  @Test func `the bounds of hot keys hold`() { #expect(Limits.hotKeyRelationsHold) }

  @Test func `a few reads are counted exactly`() {
    var reader = Reader(seed: 1)
    for (key, count) in [("a", 5), ("b", 3), ("c", 1)] {
      for _ in 0..<count { reader.read(key, at: Self.start) }
    }
    reader.read("a", database: 3, at: Self.start)
    let top = reader.top(10, at: Self.start.advanced(by: .seconds(2)))
    #expect(top.map(name).prefix(2) == ["a", "b"])
    #expect(top.map(\.readsPerSecond).prefix(2) == [2.5, 1.5])
    #expect(Set(top.suffix(2).map { "\(name($0)) \($0.database)" }) == ["c 0", "a 3"])
    #expect(reader.top(2, at: Self.start.advanced(by: .seconds(2))).count == 2)
  }

  /// Ranks of 100 000 keys by Zipf's law, drawn a million times in ten seconds.
  @Test(arguments: [0.9, 1.1]) func `the most read keys of a skewed stream are found`(
    _ exponent: Double
  ) {
    var random = SeededGenerator.forTest()
    var sums: [Double] = []
    var sum = 0.0
    for rank in 1...100_000 {
      sum += 1 / pow(Double(rank), exponent)
      sums.append(sum)
    }
    var counts: [Int: Int] = [:]
    var reader = Reader(seed: random.next())
    let reads = 1_000_000
    for number in 0..<reads {
      let target = Double.random(in: 0..<sum, using: &random)
      var low = 0
      var high = sums.count - 1
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] < target { low = middle + 1 } else { high = middle }
      }
      counts[low, default: 0] += 1
      reader.read("key-\(low)", at: Self.start.advanced(by: .microseconds(number * 10)))
    }
    #expect(reader.notedCount < reads / 20, "\(reader.notedCount) of \(reads) reads were noted")
    let truth = counts.sorted { $0.value > $1.value }
    let found = reader.top(20, at: Self.start.advanced(by: .seconds(10)))
    let names = found.map(name)
    for rank in 0..<10 {
      let (key, count) = truth[rank]
      guard let place = names.firstIndex(of: "key-\(key)") else {
        Issue.record("the key of rank \(rank) is not among those found: \(names)")
        continue
      }
      // Ten seconds. What is noted of a count scatters by its root, what others took makes it less.
      let expected = Double(count) / 10
      let noted = Double(reader.notedCount) * Double(count) / Double(reads)
      let error = abs(found[place].readsPerSecond - expected) / expected
      let rate = found[place].readsPerSecond
      #expect(error < 0.1 + 5 / noted.squareRoot(), "rank \(rank): \(rate) for \(expected)")
    }
    print("Zipf \(exponent): \(reader.notedCount) noted, top 10: \(names.prefix(10))")
  }

  @Test func `reads that come in a rhythm are noted evenly`() {
    var reader = Reader(seed: 7)
    // Long enough for the largest gap, which the rhythm divides.
    for number in 0..<1_000_000 {
      reader.read(
        "key-\(number % 16)", at: Self.start.advanced(by: .microseconds(number * 10)))
    }
    let top = reader.top(20, at: Self.start.advanced(by: .seconds(10)))
    #expect(top.count == 16)
    for key in top {
      #expect(abs(key.readsPerSecond - 6_250) < 2_000, "\(name(key)): \(key.readsPerSecond)")
    }
  }

  @Test func `of keys that are all read alike none is called hot`() {
    var random = SeededGenerator.forTest()
    var reader = Reader(seed: random.next())
    for number in 0..<500_000 {
      let key = Int.random(in: 0..<100_000, using: &random)
      reader.read("key-\(key)", at: Self.start.advanced(by: .microseconds(number * 10)))
    }
    let top = reader.top(1, at: Self.start.advanced(by: .seconds(5)))
    // 100 000 reads a second; a key of 1 % would have 1 000 of them.
    #expect((top.first?.readsPerSecond ?? 0) < 500)
  }

  @Test func `what was hot is forgotten, and what is hot is told, however long ago it began`() {
    var reader = Reader(seed: 3)
    for number in 0..<60_000 {
      reader.read("old", at: Self.start.advanced(by: .milliseconds(number)))
    }
    let hour = Self.start.advanced(by: .seconds(3_600))
    #expect(reader.top(1, at: hour).isEmpty)
    for number in 0..<20_000 { reader.read("new", at: hour.advanced(by: .milliseconds(number))) }
    let end = hour.advanced(by: .seconds(20))
    #expect(reader.top(1, at: end).map(name) == ["new"])
    // A thousand a second for ten minutes are a thousand a second.
    for number in 0..<600_000 { reader.read("new", at: end.advanced(by: .milliseconds(number))) }
    let rate = reader.top(1, at: end.advanced(by: .seconds(600))).first?.readsPerSecond ?? 0
    #expect(abs(rate - 1_000) < 100, "\(rate)")
  }

  @Test func `a long key is kept in part, and those with a common beginning are told apart`() {
    var reader = Reader(seed: 3)
    let stem = String(repeating: "k", count: 300)
    for _ in 0..<3 { reader.read(stem + "1", at: Self.start) }
    reader.read(stem + "2", at: Self.start)
    let top = reader.top(3, at: Self.start)
    #expect(top.map(\.keyBytes) == [301, 301])
    #expect(top.map(\.readsPerSecond) == [3, 1])
    #expect(top[0].key.count == Limits.hotKeyBytesMax)
  }

  @Test func `what several loops know is put together`() {
    var first = Reader(seed: 1)
    var second = Reader(seed: 2)
    for _ in 0..<4 { first.read("a", at: Self.start) }
    for _ in 0..<5 { second.read("b", at: Self.start) }
    for _ in 0..<2 { second.read("a", at: Self.start) }
    let later = Self.start.advanced(by: .seconds(1))
    let sum = HotKeyTally.sum(
      of: [first.sketch.tally(now: later), second.sketch.tally(now: later)], atMost: 10)
    #expect(sum.readsPerSecond == 11)
    #expect(sum.keys.map(name) == ["a", "b"])
    #expect(sum.keys.map(\.readsPerSecond) == [6, 5])
  }
}
