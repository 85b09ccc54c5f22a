import TestSupport

/// A random client: what it says next, and how it puts it.
struct RandomSession {
  var generator: SeededGenerator
  /// What was said until now, for the report of a difference.
  var said: [[UInt8]] = []

  private static let keys: [Character: [String]] = [
    "s": ["s0", "s1", "s2"], "l": ["l0", "l1"], "h": ["h0", "h1"], "e": ["e0", "e1", "e2"],
    "z": ["z0", "z1"], "x": ["x0", "x1"],
  ]
  private static let values: [[UInt8]] =
    ["", "0", "7", "-1", "10", "3.5", "a", "hello", "a\r\nb", "{x}", " ", "'\"\\"]
    .map { Array($0.utf8) } + [[0, 255, 128, 13, 10], [UInt8](repeating: 120, count: 60)]
  private static let garbage = ["", "foo", "-1", "1000000", "nan", "9223372036854775808", "GET"]

  /// The words of a request.
  mutating func request() -> [[UInt8]] {
    let (lines, isExact) =
      switch Int.random(in: 0..<100, using: &generator) {
      case ..<12: (Vocabulary.exact, true)
      case ..<30: (Vocabulary.transactions, true)
      case ..<45: (Vocabulary.strings, false)
      default: (Vocabulary.commands, false)
      }
    let line = pick(lines)
    let separator: Character = line.contains("@") ? "@" : " "
    var words = line.split(separator: separator).map { fill(String($0)) }
    if !isExact && chance(0.08) { mangle(&words) }
    if chance(0.1) { words[0] = Array(String(decoding: words[0], as: UTF8.self).lowercased().utf8) }
    return words
  }

  /// A request as bytes: mostly as libraries write it, sometimes as people do.
  mutating func encoded(_ words: [[UInt8]]) -> [UInt8] {
    guard chance(0.15), !words.isEmpty else { return multibulk(words) }
    let line = words.map { word in
      "\"" + word.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
    }
    return Array((line.joined(separator: " ") + (chance(0.5) ? "\r\n" : "\n")).utf8)
  }

  /// Where to cut so many bytes before they are sent.
  mutating func cuts(of count: Int) -> [Int] {
    guard count > 1, chance(0.5) else { return [count] }
    let cuts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
      Int.random(in: 1..<count, using: &generator)
    }
    return Set(cuts).sorted() + [count]
  }

  mutating func depth() -> Int {
    chance(0.3) ? 1 : Int.random(in: 1...40, using: &generator)
  }

  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &generator) < probability
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &generator)]
  }

  private mutating func fill(_ word: String) -> [UInt8] {
    guard word.count == 2, word.first == "$", let hole = word.last else { return Array(word.utf8) }
    switch hole {
    case "v": return pick(Self.values)
    case "n", "i": return Array("\(Int.random(in: -3...9, using: &generator))".utf8)
    case "f": return Array("\(Int.random(in: -6...60, using: &generator)).5".utf8)
    case "m": return Array(pick(["m1", "m2", "m3", "4"]).utf8)
    case "d": return Array("\(Int.random(in: 1...30, using: &generator))-1".utf8)
    case "t": return Array("\(4_000_000_000 + Int.random(in: 0...9, using: &generator))".utf8)
    case "u": return Array("\(4_000_000_000_000 + Int.random(in: 0...9, using: &generator))".utf8)
    default:
      // Now and then a key of another type.
      let kind = hole == "k" || chance(0.05) ? pick(["s", "s", "l", "h", "e", "z", "x"]) : hole
      return Array(pick(Self.keys[kind] ?? []).utf8)
    }
  }

  private mutating func mangle(_ words: inout [[UInt8]]) {
    let place = Int.random(in: 0..<words.count, using: &generator)
    let word = Array(pick(Self.garbage).utf8)
    switch Int.random(in: 0..<3, using: &generator) {
    case 0 where place > 0: words.remove(at: place)
    case 1 where place > 0: words[place] = word
    default: words.append(word)
    }
  }
}
