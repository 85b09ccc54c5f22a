import TestSupport
import Testing

@testable import ProxyCore

/// Tokens, against a dictionary.
@Suite struct TokenTableTests {
  /// Counts how many there are.
  private final class Content {
    let number: Int
    let census: Census

    init(_ number: Int, _ census: Census) {
      self.number = number
      self.census = census
      census.count += 1
    }

    deinit { census.count -= 1 }
  }

  private final class Census { var count = 0 }

  /// What a copy would give away: it cannot be copied.
  private struct Call: ~Copyable {
    var content: Content
    var changes = 0
  }

  @Test func `a token stands for what was inserted under it, until it is removed, and never again`()
  {
    var generator = SeededGenerator.forTest()
    let census = Census()
    do {
      var table = TokenTable<Call>()
      var model: [UInt64: (number: Int, changes: Int)] = [:]
      var ended: [UInt64] = []
      for number in 0..<20_000 {
        let known = model.keys.randomElement(using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0, 1:
          let token = table.insert(Call(content: Content(number, census)))
          #expect(token > 0 && token <= UInt64(Int64.max))
          #expect(model.updateValue((number, 0), forKey: token) == nil)
        case 2:
          guard let known else { continue }
          #expect(table.change(known) { $0.changes += 1 } != nil)
          model[known]?.changes += 1
        case 3, 4:
          guard let known, let expected = model.removeValue(forKey: known) else { continue }
          guard let removed = table.remove(known) else {
            Issue.record("\(known) is lost")
            continue
          }
          let (number, changes) = (removed.content.number, removed.changes)
          #expect(number == expected.number && changes == expected.changes)
          ended.append(known)
        default:
          guard let old = ended.randomElement(using: &generator) else { continue }
          #expect(table.change(old) { $0.changes += 1 } == nil)
          if table.remove(old) != nil { Issue.record("\(old) was found again") }
        }
        #expect(table.count == model.count && census.count == model.count)
      }
      #expect(Set(table.tokens) == Set(model.keys))
      for token in table.tokens {
        #expect(table.change(token) { $0.content.number } == model[token]?.number)
      }
    }
    #expect(census.count == 0)
  }

  @Test func `what no token stands for is not there`() {
    var table = TokenTable<Int>()
    #expect(table[0] == nil && table[.max] == nil && table.remove(1 << 32) == nil)
    let token = table.insert(7)
    #expect(table[token] == 7 && table[token + 1] == nil && table[token + (1 << 32)] == nil)
    #expect(table.remove(token) == 7 && table[token] == nil && table.tokens.isEmpty)
  }
}
