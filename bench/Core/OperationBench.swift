import Foundation
import ProxyCore

/// Nanoseconds an operation, of the caches here and of what a Swift program would use instead.
///
/// The contestants take turns, a hundred thousand operations each, so that whatever disturbs the machine
/// disturbs them all; what counts is the median over the rounds of the ratio within a round.
struct OperationBench {
  static let entries = 100_000
  static let rounds = 41
  static let operationsPerRound = 100_000

  /// Given the numbers of a round's keys, makes what it needs of them and returns the part to be timed,
  /// which says how much it found or kept, so that nothing of it can be optimized away.
  typealias Contestant = (name: String, prepare: (ArraySlice<Int>) -> () -> Int)

  func run() {
    let contestants = Self.contestants()
    var nanoseconds = [[Double]](repeating: [], count: contestants.count)
    for round in -1..<Self.rounds {
      let order = (0..<Self.operationsPerRound).map { _ in Int.random(in: 0..<Self.entries) }
      for (number, contestant) in contestants.enumerated() {
        let body = contestant.prepare(order[...])
        let begun = Moment.now
        let found = body()
        let taken = Double(Moment.now.nanoseconds - begun.nanoseconds)
        precondition(found >= 0)
        if round >= 0 { nanoseconds[number].append(taken / Double(order.count)) }
      }
    }
    report(contestants.map(\.name), nanoseconds)
  }

  private func report(_ names: [String], _ nanoseconds: [[Double]]) {
    print("\(Self.entries) entries, keys like key:000000012345 in random order;")
    print("medians of \(Self.rounds) interleaved rounds of \(Self.operationsPerRound) operations\n")
    print("  ns/op  × Dictionary get")
    for (name, times) in zip(names, nanoseconds) {
      let ratios = zip(times, nanoseconds[0]).map { $0 / $1 }
      print(String(format: "%7.1f %6.2f   ", Self.median(times), Self.median(ratios)) + name)
    }
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func contestants() -> [Contestant] {
    let keys = (0..<entries).map { String(decoding: CoreBench.key($0), as: UTF8.self) }
    let dictionary = Dictionary(uniqueKeysWithValues: zip(keys, 0...))
    let plain = LRUCache<String, Int>(capacity: entries)
    let expiring = LRUCache<String, Int>(capacity: entries, timeToLive: .seconds(600))
    for (number, key) in keys.enumerated() {
      plain.insert(number, for: key)
      expiring.insert(number, for: key)
    }
    let half = LRUCache<String, Int>(capacity: entries / 2)
    let bytes = ByteContestant(entries: entries, filled: true)
    let halfBytes = ByteContestant(entries: entries / 2, filled: false)
    // Strings of their own, as a request would bring them, not the very ones that are in the tables.
    let strings = { (order: ArraySlice<Int>) in
      order.map { String(decoding: CoreBench.key($0), as: UTF8.self) }
    }
    return [
      ("Dictionary get", { order in bind(strings(order)) { gets(dictionary, $0) } }),
      (
        "Dictionary get, by the very strings that it holds",
        { order in bind(order.map { keys[$0] }) { gets(dictionary, $0) } }
      ),
      ("LRUCache get", { order in bind(strings(order)) { gets(plain, $0) } }),
      (
        "LRUCache get, with a time to live",
        { order in bind(strings(order)) { gets(expiring, $0) } }
      ),
      ("byte cache hit, 64 bytes copied out", { bind(ByteContestant.names($0), bytes.lookUp) }),
      (
        "byte cache look-up of an absent key",
        { order in bind(ByteContestant.names(order.lazy.map { $0 + entries }), bytes.lookUp) }
      ),
      ("LRUCache insert, half of them evicting", { bind(strings($0)) { inserts(half, $0) } }),
      (
        "byte cache insert, half of them evicting",
        { bind(ByteContestant.names($0), halfBytes.insert) }
      ),
    ] + nsCache(keys)
  }

  private static func bind<Argument>(
    _ argument: Argument, _ body: @escaping (Argument) -> Int
  ) -> () -> Int {
    { body(argument) }
  }

  private static func gets(_ dictionary: [String: Int], _ keys: [String]) -> Int {
    var sum = 0
    for key in keys { sum &+= dictionary[key] ?? -1 }
    return sum
  }

  private static func gets(_ cache: LRUCache<String, Int>, _ keys: [String]) -> Int {
    var sum = 0
    for key in keys { sum &+= cache.value(for: key) ?? -1 }
    return sum
  }

  private static func inserts(_ cache: LRUCache<String, Int>, _ keys: [String]) -> Int {
    for key in keys { cache.insert(1, for: key) }
    return cache.count
  }

  private static func nsCache(_ keys: [String]) -> [Contestant] {
    let names = keys.map { $0 as NSString }
    let cache = NSCache<NSString, NSNumber>()
    let half = NSCache<NSString, NSNumber>()
    half.countLimit = entries / 2
    for (number, name) in names.enumerated() { cache.setObject(number as NSNumber, forKey: name) }
    let chosen = { (order: ArraySlice<Int>) in
      order.map { String(decoding: CoreBench.key($0), as: UTF8.self) as NSString }
    }
    return [
      (
        "NSCache get",
        { order in
          bind(chosen(order)) { names in
            var sum = 0
            for name in names { sum &+= cache.object(forKey: name)?.intValue ?? -1 }
            return sum
          }
        }
      ),
      (
        "NSCache insert, half of them evicting",
        { order in
          bind(chosen(order)) { names in
            for name in names { half.setObject(1, forKey: name) }
            return 0
          }
        }
      ),
    ]
  }
}
